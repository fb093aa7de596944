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

// The demo's credentials: what the OPM document prints in place of a key, what the Onlinewerkrooster document prints in its
// table of headers and in its curl, and one for the DKHardware document, which prints none.
const (
	demoOPMKey         = "REPLACE-WITH-YOUR-KEY"
	demoOWRKey         = "3fdae2c8b32348a3855af9f0377191d4"
	demoOWRCustomerKey = "81ad2f9b-6362-4388-9617-96a18524850c"
	demoOWRCurlKey     = "4C6086B2-4201-4CD6-A94A-BB89684FD0BD"
	demoDKHClient      = "demo-client"
	demoDKHSecret      = "demo-client-secret"
)

// Who may log in to the demo's console: everybody who reads this.
const (
	demoOperator = "demo@example.com"
	demoPassword = "clientele demo"
)

// demoProject is the name of the demo's project.
const demoProject = "demo"

// demoCustomers is how many made-up customers the demo has.
const demoCustomers = 2000

// fillDemo makes the demo's project, customers, leads and credentials in a new book.
func (c *serveCommand) fillDemo(ctx context.Context, r *rooms, out io.Writer) error {
	s, b := r.store, r.book
	fmt.Fprintf(out, "Making up %d customers …\n", demoCustomers)
	now := time.Now().UTC().Truncate(time.Microsecond)
	p, err := s.CreateProject(ctx, clientele.Project{Name: demoProject, TimeZone: clientele.DefaultTimeZone, CreatedAt: now})
	if err != nil {
		return err
	}
	call := book.Call{ProjectID: p.ID, Origin: clientele.Origin{Dialect: clientele.OPM, RequestID: "demo"}}
	if err := fillCustomers(ctx, b, call); err != nil {
		return err
	}
	if err := fillLeads(ctx, s, b, p); err != nil {
		return err
	}
	if err := fillTraffic(ctx, s, p.ID, now); err != nil {
		return err
	}
	if err := issueDemoKeys(ctx, s, p, now); err != nil {
		return err
	}
	return createDemoOperator(ctx, access.NewOperators(s, time.Now))
}

// createDemoOperator lets somebody into the console with a password that need not be changed.
func createDemoOperator(ctx context.Context, operators *access.Operators) error {
	o, password, err := operators.Create(ctx, demoOperator, clientele.RoleOwner)
	if err != nil {
		return err
	}
	return operators.ChangePassword(ctx, o.ID, password, demoPassword)
}

// issueDemoKeys issues the credentials that the partner documents print, and one where a document prints none.
func issueDemoKeys(ctx context.Context, s store, p clientele.Project, now time.Time) error {
	for _, order := range []access.Order{
		{Dialect: clientele.Onlinewerkrooster, Secret: demoOWRKey, ProjectKeys: []string{demoOWRCustomerKey}},
		{Dialect: clientele.Onlinewerkrooster, Secret: demoOWRCurlKey},
		{Dialect: clientele.DKHardware, ClientID: demoDKHClient, Secret: demoDKHSecret},
		{Dialect: clientele.OPM, Secret: demoOPMKey},
	} {
		order.Projects, order.Name = []clientele.Project{p}, "Demo partner"
		if _, err := access.Issue(ctx, s, order, now); err != nil {
			return fmt.Errorf("issue the demo's key for %s: %w", order.Dialect, err)
		}
	}
	return nil
}

// demoAtOnce is how many of the demo's writes are under way at once: enough for full transactions, and few enough that none
// waits for long on a slow machine.
const demoAtOnce = 256

// fillCustomers sends the made-up customers many at once, as many partners would.
func fillCustomers(ctx context.Context, b *book.Book, call book.Call) error {
	random := rand.New(rand.NewPCG(1, 2)) // the same people every time
	errs := make([]error, demoCustomers)
	var all sync.WaitGroup
	room := make(chan struct{}, demoAtOnce)
	for i := range demoCustomers {
		d := madeUpCustomer(random, i)
		room <- struct{}{}
		all.Go(func() {
			_, errs[i] = b.Upsert(ctx, call, d)
			<-room
		})
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
		ExternalID: clientele.Some(fmt.Sprint(200_001 + i)),
		FirstName:  clientele.Some(first),
		LastName:   clientele.Some(last),
		Email:      clientele.Some(strings.ToLower(fmt.Sprintf("%s.%s.%d@example.com", first, last, i))),
		Phone:      clientele.Some(fmt.Sprintf("+1%d555%04d", 212+random.IntN(100), 100+i%100)),
		IP:         clientele.Some(fmt.Sprintf("192.0.2.%d", 1+random.IntN(254))),
	}
}
