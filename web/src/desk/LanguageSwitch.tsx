import { language, setLanguage, useLanguage } from "../i18n";

export function LanguageSwitch() {
  useLanguage();
  const other = language() === "zh" ? "en" : "zh";
  return (
    <button type="button" className="quiet language" lang={other} onClick={() => setLanguage(other)}>
      {other === "zh" ? "中文" : "English"}
    </button>
  );
}
