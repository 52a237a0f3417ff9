import { Toast, ToastBody, Toaster, useId, useToastController } from "@fluentui/react-components";
import { useEffect, type ReactNode } from "react";

type Intent = "success" | "error";

/** Tell the person something for a moment, from anywhere. */
export function showNotice(intent: Intent, text: string): void {
  window.dispatchEvent(new CustomEvent("smalt:notice", { detail: { intent, text } }));
}

export function NoticeProvider({ children }: { children: ReactNode }) {
  const toaster = useId("notices");
  const { dispatchToast } = useToastController(toaster);
  useEffect(() => {
    const heard = (event: Event) => {
      const { intent, text } = (event as CustomEvent<{ intent: Intent; text: string }>).detail;
      dispatchToast(
        <Toast>
          <ToastBody>{text}</ToastBody>
        </Toast>,
        { intent, timeout: intent === "error" ? 10_000 : 3000 },
      );
    };
    window.addEventListener("smalt:notice", heard);
    return () => window.removeEventListener("smalt:notice", heard);
  }, [dispatchToast]);
  return (
    <>
      {children}
      <Toaster toasterId={toaster} position="bottom-end" />
    </>
  );
}
