package main

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/internal/faulttest"
	"clientele/internal/postgres"
	"clientele/internal/postgres/pgtest"
	"clientele/internal/sqlite"
	"clientele/internal/work"

	"github.com/google/go-cmp/cmp"
)

// TestTwins_BothStoresAnswerTheSame sends the same requests, good and hostile, to a server of either kind of book, one after
// the other. Status, headers and bytes are the same once ids stand for the order in which they were seen, and times for
// nothing.
func TestTwins_BothStoresAnswerTheSame(t *testing.T) {
	count := faulttest.NewTally(t)
	g := &generator{faulttest.Seeded(t)}
	twins := newTwins(t)
	end := time.Now().Add(faulttest.InLongTests(4*time.Second, 4*time.Minute))
	statuses, differences := map[int]int{}, 0
	for n := 0; time.Now().Before(end); n++ {
		s := g.step()
		count.Try()
		one, other := twins[0].carryOut(s), twins[1].carryOut(s)
		statuses[twins[0].status]++
		if one != other {
			count.Violation(t, "step %d: %s %s\n%q\n%q\n(-sqlite +postgres)\n%s", n, s.method, s.target, s.header, s.body, cmp.Diff(one, other))
			if differences++; differences == 3 { // the books are not the same any more
				return
			}
		}
	}
	t.Logf("%d steps, by status: %v", count.Tries(), statuses)
	for _, status := range []int{200, 201, 202, 302, 400, 401, 403, 404, 405, 409, 413, 415, 422} {
		if statuses[status] == 0 && count.Tries() > 2000 {
			t.Errorf("no step was answered %d", status)
		}
	}
	for _, w := range twins {
		w.s.stop()
	}
}

// TestTwins_ADifferenceIsSeen: what is taken out of answers leaves a wrong id, status, value or order in them.
func TestTwins_ADifferenceIsSeen(t *testing.T) {
	see := func(answers ...string) (text string) {
		w := &twin{seen: map[string][]string{}}
		for _, a := range answers {
			text += w.normal(a)
		}
		return text
	}
	for _, c := range []struct {
		same   bool
		a1, a2 string // two answers of one server
		b1, b2 string // of the other
	}{
		{true, `{"customerId":7}`, `{"customerId":7}`, `{"customerId":9}`, `{"customerId":9}`},
		{false, `{"customerId":7}`, `{"customerId":7}`, `{"customerId":9}`, `{"customerId":8}`},
		{false, `{"customerId":7}`, `{"customerId":8}`, `{"customerId":9}`, `{"customerId":9}`},
		{true, `"2026-01-02T03:04:05"`, ``, `"2026-11-12T13:14:15"`, ``},
		{false, `{"firstName":"a"}`, ``, `{"firstName":"A"}`, ``},
	} {
		if got := see(c.a1, c.a2) == see(c.b1, c.b2); got != c.same {
			t.Errorf("%s %s and %s %s: the same: %t", c.a1, c.a2, c.b1, c.b2, got)
		}
	}
}

// twin is one of two servers that are told the same.
type twin struct {
	t      *testing.T
	s      *server
	owner  *operator
	keys   keyring
	fixed  map[string]string
	client *http.Client
	seen   map[string][]string // ids in the order in which answers had them, by kind
	status int                 // of the last answer
	book   follower
}

// follower is a book of which the server makes by and by what its pages go by.
type follower interface {
	work.CustomerTermStore
	work.LeadCountStore
	Close() error
}

// follow makes at once what the console goes by of what was written: one server may be further with it than the other.
func (w *twin) follow() {
	w.t.Helper()
	_, err := (&work.CustomerTerms{Store: w.book}).Follow(w.t.Context())
	if err == nil {
		_, err = (&work.LeadCounts{Store: w.book}).Count(w.t.Context())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func newTwins(t *testing.T) [2]*twin {
	t.Helper()
	dir, key := newBook(t)
	one := newTwin(t, crashBook{
		key:     key,
		command: func(args ...string) outcome { return command(t, append(args, "--data-dir", dir)...) },
		start:   func(args ...string) *server { return startServer(t, dir, args...) },
	})
	d := newDatabase(t, pgtest.Empty(t))
	other := newTwin(t, crashBook{key: d.key, command: d.command, start: d.start})
	files, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := postgres.Open(t.Context(), postgres.Options{URL: d.url, Lanes: 1})
	if err != nil {
		t.Fatal(errors.Join(err, files.Close()))
	}
	one.book, other.book = files, rows
	t.Cleanup(func() {
		if err := errors.Join(files.Close(), rows.Close()); err != nil {
			t.Error(err)
		}
	})
	return [2]*twin{one, other}
}

func newTwin(t *testing.T, b crashBook) *twin {
	t.Helper()
	e := &estate{t: t, b: b, s: b.start("--allow-loopback-http", believeLoopback)}
	w := &twin{t: t, s: e.s, keys: e.keys("shop"), owner: newOperator(t, b, e.s), seen: map[string][]string{}, client: once()}
	w.client.Transport = kept(t).Transport
	campaign := b.command("campaign", "create", "--project", "shop", "--name", "C", "--landing-url", "https://shop.example.com/?a=b#c", "--json").object(t)
	publisher := b.command("publisher", "create", "--name", "P", "--json").object(t)
	w.fixed = map[string]string{
		"campaign": fmt.Sprint(campaign["uuid"]), "publisher": fmt.Sprint(publisher["uuid"]), "advertiser": w.keys.advertiser,
		"opm": w.keys.opm, "owr": w.keys.owr, "token": w.keys.dkh.token, "client": w.keys.dkh.clientID, "secret": w.keys.dkh.secret,
		"cookie": w.owner.session()[0].String(),
	}
	return w
}

// step is one request; names in double braces are filled in by each twin, {{customer 3}} with the third it has seen.
type step struct {
	method, target, body string
	header               map[string]string
}

// kinds are the ids that answers have, by what they are of.
func kinds() map[string]*regexp.Regexp {
	const uuid = `([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`
	return map[string]*regexp.Regexp{
		"customer":     regexp.MustCompile(`"customerId":"?([0-9]+)`),
		"address":      regexp.MustCompile(`"addressId":"([0-9]+)`),
		"submission":   regexp.MustCompile(`"submissionId":"` + uuid),
		"subscription": regexp.MustCompile(`"subscriptionId":"` + uuid),
		"action":       regexp.MustCompile(`(?:utm_action=|"actionUuid":"|"lead_uuid":"|"uuid":")` + uuid),
		"cursor":       regexp.MustCompile(`cursor=([A-Za-z0-9_-]+)`),
		"uuid":         regexp.MustCompile(uuid),
	}
}

var (
	slot   = regexp.MustCompile(`\{\{([a-z]+)(?: ([0-9]+))?\}\}`)
	times  = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?`)
	tokens = regexp.MustCompile(`"access_token":"[^"]*"`)
)

// fill puts what the twin knows into a text.
func (w *twin) fill(text string) string {
	return slot.ReplaceAllStringFunc(text, func(part string) string {
		found := slot.FindStringSubmatch(part)
		if value, ok := w.fixed[found[1]]; ok {
			return value
		}
		known := w.seen[found[1]]
		if len(known) == 0 {
			return "7777777"
		}
		var n int
		_, _ = fmt.Sscan(found[2], &n)
		return known[n%len(known)]
	})
}

// normal returns an answer with ids as the order in which they were seen, and without what is always another.
func (w *twin) normal(text string) string {
	for _, kind := range slices.Sorted(maps.Keys(kinds())) { // "uuid", for whatever is left, is the last
		text = replaceGroup(kinds()[kind], text, func(id string) string {
			n := slices.Index(w.seen[kind], id)
			if n < 0 {
				n = len(w.seen[kind])
				w.seen[kind] = append(w.seen[kind], id)
			}
			return fmt.Sprintf("%s#%d", kind, n)
		})
	}
	text = tokens.ReplaceAllString(text, `"access_token":"-"`)
	return traceID.ReplaceAllString(times.ReplaceAllString(text, "TIME"), `"traceId":"-"`)
}

// replaceGroup replaces the first group of each match.
func replaceGroup(of *regexp.Regexp, text string, with func(string) string) string {
	var b strings.Builder
	end := 0
	for _, at := range of.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[end:at[2]])
		b.WriteString(with(text[at[2]:at[3]]))
		end = at[3]
	}
	return b.String() + text[end:]
}

// carryOut sends the request of a step and returns the answer in its normal form; after a submission, with what became of it.
func (w *twin) carryOut(s step) string {
	w.t.Helper()
	if strings.HasPrefix(s.target, "/console/") {
		w.follow()
	}
	a := w.send(s)
	w.status = a.status
	text := w.normal(inText(a))
	if sent := kinds()["submission"].FindStringSubmatch(a.body); sent != nil && s.method == http.MethodPost && !strings.Contains(s.target, "status") {
		text += "\n" + w.normal(w.await(sent[1]))
	}
	for name, value := range w.fixed { // where a path or a name comes back
		if len(value) > 8 {
			text = strings.ReplaceAll(text, value, "{{"+name+"}}")
		}
	}
	return text
}

// await returns what became of a submission.
func (w *twin) await(submission string) (body string) {
	w.t.Helper()
	eventually(w.t, patience, "the submission ends", func() bool {
		a := w.send(step{
			http.MethodPost, "/v1/customer/status", `{"submissionId":"` + submission + `"}`,
			map[string]string{"Authorization": "Bearer {{token}}", "Content-Type": "application/json"},
		})
		body = a.body
		return strings.Contains(body, `"Succeeded"`) || strings.Contains(body, `"Failed"`)
	})
	return body
}

func (w *twin) send(s step) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), s.method, w.s.url+w.fill(s.target), strings.NewReader(w.fill(s.body)))
	if err != nil {
		w.t.Fatalf("%s %s: %v", s.method, s.target, err)
	}
	for name, value := range s.header {
		req.Header[http.CanonicalHeaderKey(name)] = []string{w.fill(value)}
	}
	comesFrom(req, int(crc32.ChecksumIEEE([]byte(fmt.Sprint(s))))) // the same of both twins, however often one asks
	res, err := w.client.Do(req)
	if err != nil {
		w.t.Fatalf("%s %s %q: %v", s.method, s.target, s.header, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", s.method, s.target, err)
	}
	return answer{res.StatusCode, string(body), res.Header}
}

// inText is an answer as text: the status, the headers that mean something, the body; of a page for people no body.
func inText(a answer) string {
	var b strings.Builder
	fmt.Fprintln(&b, a.status)
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		if !slices.Contains([]string{"Date", "X-Request-Id", "Content-Length", "Set-Cookie", "Content-Disposition"}, name) {
			fmt.Fprintf(&b, "%s: %q\n", name, a.header[name])
		}
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		b.WriteString(a.body)
	}
	return b.String()
}
