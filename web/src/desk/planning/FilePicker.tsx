/** A button that asks for a file; the same file can be taken again. */
import { useRef } from "react";
import { t } from "../../i18n";

interface Props {
  label: string;
  /** Endings of file names, as a browser takes them. */
  accept: string;
  isDisabled: boolean;
  onPick: (file: File) => void;
}

export function FilePicker({ label, accept, isDisabled, onPick }: Props) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={label}
        accept={accept}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onPick(file);
          event.target.value = "";
        }}
      />
      <button type="button" disabled={isDisabled} onClick={() => input.current?.click()}>
        {t("import.choose")}
      </button>
    </>
  );
}
