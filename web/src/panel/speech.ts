/** Says a sentence aloud, in Chinese and then in English, where the panel's browser can speak. */
export function speak(chinese: string, english: string): void {
  if (!("speechSynthesis" in window)) return;
  speechSynthesis.cancel();
  for (const [text, language] of [
    [chinese, "zh-CN"],
    [english, "en-GB"],
  ] as const) {
    const words = new SpeechSynthesisUtterance(text);
    words.lang = language;
    speechSynthesis.speak(words);
  }
}
