import { createDOMRenderer, FluentProvider, RendererProvider } from "@fluentui/react-components";
import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ApiError } from "../api/client";
import { NoticeProvider, showNotice } from "../ui/Notices";
import { LanguageProvider } from "./i18n";
import { router } from "./router";
import { SessionGate } from "./SessionGate";
import { ThemeContext, themes, useThemeChoice } from "./theme";

const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content;
const renderer = createDOMRenderer(document, { styleElementAttributes: nonce ? { nonce } : undefined });

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
  mutationCache: new MutationCache({ onError: (error) => showNotice("error", error.message) }),
});

export function App() {
  const theme = useThemeChoice();
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <ThemeContext value={theme}>
        <FluentProvider theme={themes[theme.shown]} className="app">
          <LanguageProvider>
            <QueryClientProvider client={client}>
              <NoticeProvider>
                <SessionGate>
                  <RouterProvider router={router} />
                </SessionGate>
              </NoticeProvider>
            </QueryClientProvider>
          </LanguageProvider>
        </FluentProvider>
      </ThemeContext>
    </RendererProvider>
  );
}
