package browsertest

import (
	"testing"
)

// What the reference's window for trying calls has; it is a library's, and its fields have no names of their own.
var (
	tryKey  = css(`[role=dialog] td input[autocomplete=off]`)
	trySend = css(`[role=dialog] [data-addressbar-action=send]`)
)

// TestDocs_TryIt sends calls of the API reference from the page, with a bad key and with a good one.
func TestDocs_TryIt(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, s *server, l look) {
		key := s.issue("--project", "shop", "--dialect", "opm", "--name", "Partner")["x-api-key"]
		p := newPage(t, s.url, l)
		p.watch.tolerate(toleratedAt("/docs/opm/")...)
		p.Open("/docs/")
		p.check()
		p.Follow(link("Open the reference of OPM Partners"))
		p.Open("/docs/opm/#tag/authentication/GET/ping")
		p.Click(button("Test Request (get /ping)"))
		p.Expect(401, "/ping")
		p.Fill(tryKey, "not-a-key")
		p.Click(trySend)
		p.WaitText("API key does not exist")
		p.Fill(tryKey, key)
		p.Click(trySend)
		p.WaitText("pong")
		p.NoFaults()
		p.NoOverflow()
	})
}
