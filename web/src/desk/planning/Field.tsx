/** Labelled fields; a number that is being typed is not corrected under the hands. */
import { useState } from "react";

interface FieldProps {
  label: string;
  value: string;
  placeholder?: string;
  onChange: (value: string) => void;
}

export function Field({ label, value, placeholder, onChange }: FieldProps) {
  return (
    <label>
      {label}
      <input value={value} maxLength={200} placeholder={placeholder} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}

interface AmountProps {
  label: string;
  unit: string;
  min: number;
  max: number;
  value: number;
  onChange: (value: number) => void;
}

export function Amount({ label, unit, min, max, value, onChange }: AmountProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? String(value);
  const number = Number(text);
  const isGood = text.trim() !== "" && Number.isFinite(number) && number >= min && number <= max;
  return (
    <label>
      {label} ({unit})
      <input
        type="text"
        inputMode="decimal"
        value={text}
        aria-invalid={!isGood}
        title={`${min} – ${max} ${unit}`}
        onChange={(event) => {
          const next = Number(event.target.value);
          setTyped(event.target.value);
          if (event.target.value.trim() !== "" && next >= min && next <= max && next !== value) onChange(next);
        }}
        onBlur={() => setTyped(null)}
      />
    </label>
  );
}
