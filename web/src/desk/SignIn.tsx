/** Name and password; nothing behind it is lost when a sign-in has ended. */
import { useState } from "react";
import type { FormEvent } from "react";
import { t } from "../i18n";
import { ProblemBox } from "../shared/ProblemBox";
import type { Desk } from "./desk";
import { useAction } from "./hooks";
import { LanguageSwitch } from "./LanguageSwitch";

export function SignIn({ desk }: { desk: Desk }) {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const action = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void action.run(() => desk.signIn(user.trim(), password));
  };
  return (
    <main className={`sign-in${desk.hasBeenSignedIn ? " over" : ""}`}>
      <form onSubmit={submit}>
        <img src="/icon.svg" alt="" width={48} height={48} />
        <h1>{t("product")}</h1>
        <p className="muted">{desk.hasBeenSignedIn ? t("sign_in.again") : t("sign_in.what")}</p>
        <label>
          {t("sign_in.name")}
          <input value={user} onChange={(event) => setUser(event.target.value)} autoComplete="username" autoFocus required />
        </label>
        <label>
          {t("sign_in.password")}
          <input
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="current-password"
            required
          />
        </label>
        <button type="submit" className="primary" disabled={action.isBusy}>
          {action.isBusy ? t("sign_in.busy") : t("sign_in.do")}
        </button>
        <ProblemBox error={action.error ?? desk.unreachable} />
        <LanguageSwitch />
      </form>
    </main>
  );
}
