package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/internal/faulttest"

	"github.com/go-json-experiment/json"
)

// shopper is a DKHardware partner of a server whose clock is set.
type shopper struct {
	*submitter
	t *testing.T
	s *server
}

// seen is a customer as a list shows it.
type seen struct {
	ID        string `json:"customerId"`
	Company   string `json:"company"`
	UpdatedAt string `json:"updatedAt"`
}

// name names a customer in the state in which it was seen.
func (c seen) name() string { return c.ID + " " + c.Company }

// create makes a customer and returns its id.
func (p *shopper) create(company string) string {
	p.t.Helper()
	return p.await(p.t, p.s, p.submit(p.t, p.s, "create", "Ada", fmt.Sprintf(`"email":"ada@example.com","company":"%s"`, company)))
}

func (p *shopper) update(id, company string) {
	p.t.Helper()
	p.await(p.t, p.s, p.submit(p.t, p.s, "update", "Ada", fmt.Sprintf(`"customerId":"%s","company":"%s"`, id, company)))
}

// page reads a page of a list and returns the path of the next one; "" for none.
func (p *shopper) page(path string) (list []seen, next string) {
	p.t.Helper()
	a := p.s.ask(request{url: path, header: map[string]string{"Authorization": "Bearer " + p.token}})
	var body struct {
		Payload []seen `json:"payload"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != http.StatusOK {
		p.t.Fatalf("GET %s: %d %s", path, a.status, a.body)
	}
	link, _, _ := strings.Cut(a.header.Get("Link"), ">")
	return body.Payload, strings.TrimPrefix(link, "<")
}

// rest reads a list to its end, and returns what it shows, behind what was read of it before.
func (p *shopper) rest(read []seen, path string) (names []string) {
	p.t.Helper()
	for path != "" {
		var more []seen
		more, path = p.page(path)
		read = append(read, more...)
	}
	for _, c := range read {
		names = append(names, c.name())
	}
	return names
}

// walks are the orders in which a list can be read.
var walks = []string{
	"/v1/customer?limit=2&newest=false", "/v1/customer?limit=2", "/v1/customer?limit=2&newest=false&basedOnCreatedDate=true",
	"/v1/customer?limit=2&basedOnCreatedDate=true",
}

// TestClock_ListsSkipNobody: lists that are being read when the clock is set show each customer that does not change once, whichever
// way it goes. While it is set back by an hour or less, whoever goes on from the last date they saw hears of all that is new.
func TestClock_ListsSkipNobody(t *testing.T) {
	t.Parallel()
	dir, _ := newBook(t)
	clock := &hands{}
	u, end := startByClock(t, faulttest.Book{Dir: dir}, clock)
	defer end()
	p := &shopper{t: t, s: &server{t: t, url: u}, submitter: newSubmitter(t, crashBook{command: func(args ...string) outcome {
		return command(t, append(args, "--data-dir", dir)...)
	}})}
	p.login(t, p.s)
	var stay []string // what does not change
	changing := p.create("old")
	for range 4 {
		stay = append(stay, p.create("x")+" x")
	}
	last, _ := p.page("/v1/customer?limit=1")
	ahead := time.Duration(0)
	for round, jump := range []time.Duration{-50 * time.Minute, 50 * time.Minute, 6 * day, -6 * day, -6 * day} {
		firsts, nexts := make([][]seen, len(walks)), make([]string, len(walks))
		for i, walk := range walks {
			firsts[i], nexts[i] = p.page(walk)
		}
		ahead += jump
		clock.set(ahead)
		p.login(t, p.s)
		company := fmt.Sprint("round ", round)
		p.update(changing, company)
		added := p.create(company)
		what := fmt.Sprintf("round %d, the clock set by %s", round, jump)
		for i, walk := range walks {
			names := p.rest(firsts[i], nexts[i])
			for _, name := range stay {
				if n := len(slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s != name })); n != 1 {
					t.Errorf("%s: %s shows %q %d times: %q", what, walk, name, n, names)
				}
			}
		}
		if jump >= -time.Hour {
			names := p.rest(nil, "/v1/customer?newest=false&from="+url.QueryEscape(last[0].UpdatedAt))
			for _, want := range []string{changing + " " + company, added + " " + company} {
				if !slices.Contains(names, want) {
					t.Errorf("%s: from %s on there is %q, want %q, too", what, last[0].UpdatedAt, names, want)
				}
			}
			last, _ = p.page("/v1/customer?limit=1")
		}
		stay = append(stay, added+" "+company)
	}
}
