package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
)

// demoOPMKey is what the OPM document prints in place of a key.
const demoOPMKey = "REPLACE-WITH-YOUR-KEY"

// demoCustomers is how many made-up customers the demo has.
const demoCustomers = 2000

// prepareDemo gives the demo a directory of its own and keeps it on this machine: everybody knows its keys.
func (c *serveCommand) prepareDemo() error {
	if !isLoopback(c.Listen) || c.MetricsListen != "" && !isLoopback(c.MetricsListen) {
		return usage("--demo serves on loopback only: its keys are printed in public documents")
	}
	if !strings.HasSuffix(c.DataDir, "-demo") {
		c.DataDir = strings.TrimSuffix(c.DataDir, "/") + "-demo"
	}
	return nil
}

// fillDemo makes the demo's project, credentials and customers where they are missing.
func fillDemo(ctx context.Context, s store, b *book.Book, out io.Writer) error {
	projects, err := s.ListProjects(ctx)
	if err != nil || len(projects) > 0 {
		return err
	}
	fmt.Fprintf(out, "Making up %d customers …\n", demoCustomers)
	now := time.Now().UTC().Truncate(time.Microsecond)
	p, err := s.CreateProject(ctx, clientele.Project{Name: "demo", TimeZone: clientele.DefaultTimeZone, CreatedAt: now})
	if err != nil {
		return err
	}
	issued, err := access.Issue(ctx, s, access.Order{
		Dialect: clientele.OPM, Projects: []clientele.Project{p}, Name: "Demo partner", Secret: demoOPMKey,
	}, now)
	if err != nil {
		return err
	}
	call := book.Call{ProjectID: p.ID, Origin: clientele.Origin{
		Dialect: clientele.OPM, CredentialID: issued.Credential.ID, RequestID: "demo",
	}}
	return fillCustomers(ctx, b, call)
}

// fillCustomers sends the made-up customers all at once, as many partners would.
func fillCustomers(ctx context.Context, b *book.Book, call book.Call) error {
	random := rand.New(rand.NewPCG(1, 2)) // the same people every time
	errs := make([]error, demoCustomers)
	var all sync.WaitGroup
	for i := range demoCustomers {
		d := madeUpCustomer(random, i)
		all.Go(func() { _, errs[i] = b.Upsert(ctx, call, d) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("make up customers: %w", err)
		}
	}
	return nil
}

var (
	firstNames = strings.Fields("Ada Ben Cleo Dan Eva Finn Gina Hugo Ida Jan Kim Lena Max Nora Otto Pia Quinn Rosa Sam Tess")
	lastNames  = strings.Fields("Archer Baker Carter Dyer Evans Fisher Glover Hunter Iversen Joiner Keeler Lorimer Mason Naylor Osler Potter Reeve Sawyer Tyler Weaver")
)

// madeUpCustomer returns the i-th customer of the demo, who exists nowhere: the numbers are of the range kept for fiction.
func madeUpCustomer(random *rand.Rand, i int) clientele.Details {
	first, last := firstNames[random.IntN(len(firstNames))], lastNames[random.IntN(len(lastNames))]
	return clientele.Details{
		ExternalID: clientele.Some(fmt.Sprint(100_001 + i)),
		FirstName:  clientele.Some(first),
		LastName:   clientele.Some(last),
		Email:      clientele.Some(strings.ToLower(fmt.Sprintf("%s.%s.%d@example.com", first, last, i))),
		Phone:      clientele.Some(fmt.Sprintf("+1%d555%04d", 212+random.IntN(100), 100+i%100)),
		IP:         clientele.Some(fmt.Sprintf("192.0.2.%d", 1+random.IntN(254))),
	}
}

// demoCalls are the examples of the OPM document as they are pasted into a shell.
var demoCalls = []struct{ title, path, body string }{
	{"is my key good", "/ping", ""},
	{
		"a new customer", "/entry",
		`{"customerId":7519,"customerEmail":"customer7519xx@gmail.com","customerPhone":"+15853042456","customerFirstName":"John","customerLastName":"Doe","customerIP":"192.168.105.240"}`,
	},
	{
		"the same customer, another e-mail", "/entry",
		`{"customerId":7519,"customerEmail":"customer7520xx@gmail.com","customerPhone":"+15853042456","customerFirstName":"John","customerLastName":"Doe","customerIP":"192.168.105.240"}`,
	},
	{"neither e-mail nor phone: 400", "/entry", `{"customerId":7519}`},
	{"a wrong type: 400", "/entry", `{"customerId":7519,"customerEmail":true}`},
}

// printDemo prints the document's examples, ready to paste.
func printDemo(out io.Writer, url string) {
	fmt.Fprint(out, "\nThe OPM document's examples, to paste into another terminal:\n")
	for _, call := range demoCalls {
		fmt.Fprintf(out, "\n# %s\ncurl -s %s%s -H 'x-api-key: %s'", call.title, url, call.path, demoOPMKey)
		if call.body != "" {
			fmt.Fprintf(out, " -H 'content-type: application/json' \\\n  -d '%s'", call.body)
		}
		fmt.Fprintln(out)
	}
}
