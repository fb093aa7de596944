package faulttest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"clientele/internal/faulttest"
)

// between returns a random time from low to high.
func between(random *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(random.Int64N(int64(high-low)+1))
}

// serve starts a server that may send events to this machine, and waits until it is ready.
func serve(t testing.TB, b faulttest.Book) *faulttest.Server {
	t.Helper()
	return b.Start(t, "--allow-loopback-http")
}

// statusOf returns the status that a path of a server has; 0 for no answer.
func statusOf(s *faulttest.Server, path string) int {
	a, err := send(oneOff, call{url: s.URL + path})
	if err != nil {
		return 0
	}
	return a.status
}

// book is a book with a project, partners of all dialects, and a link of a campaign.
type book struct {
	faulttest.Book
	opm, owr, advertiser string
	campaign, publisher  string
	client, secret       string
}

// newBook makes a book.
func newBook(t testing.TB, at faulttest.Book) *book {
	t.Helper()
	at.Run(t, "project", "create", "shop")
	b := &book{Book: at}
	issue := func(dialect string) map[string]any {
		v := at.Object(t, "key", "issue", "--project", "shop", "--dialect", dialect, "--name", "Partner",
			"--reads-per-minute", "0", "--writes-per-minute", "0")
		return v["credentials"].(map[string]any)
	}
	b.opm = fmt.Sprint(issue("opm")["x-api-key"])
	b.owr = fmt.Sprint(issue("onlinewerkrooster")["apikey"])
	b.advertiser = fmt.Sprint(issue("primelead")["advertiserUUID"])
	dkh := issue("dkhardware")
	b.client, b.secret = fmt.Sprint(dkh["client_id"]), fmt.Sprint(dkh["client_secret"])
	b.campaign = fmt.Sprint(at.Object(t, "campaign", "create", "--project", "shop", "--name", "Autumn",
		"--landing-url", "https://shop.example.com/")["uuid"])
	b.publisher = fmt.Sprint(at.Object(t, "publisher", "create", "--name", "Blog")["uuid"])
	return b
}

// subscribe makes a subscription of the project's changes and returns its id.
func (b *book) subscribe(t testing.TB, event, url string, more ...string) string {
	t.Helper()
	return fmt.Sprint(b.Object(t, append([]string{
		"subscription", "create", "--project", "shop", "--url", url, "--event", event, "--allow-loopback-http",
	}, more...)...)["id"])
}
