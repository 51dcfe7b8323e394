import { t } from "../i18n";
import { time } from "../i18n/format";
import { useLive } from "./hooks";

export function OfflineBar() {
  const { connection } = useLive("connection");
  if (connection.isUp) return null;
  return (
    <div className="offline" role="status">
      {connection.hadSnapshot ? t("offline.since", { time: time(connection.since, false) }) : t("offline.first")}
    </div>
  );
}
