//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/intake"
	"clientele/internal/postgres"
	"clientele/internal/sqlite"

	"github.com/google/uuid"
)

// pageStore is the store of the book whose pages are measured.
type pageStore string

const (
	pagesOnSQLite   pageStore = "SQLite"
	pagesOnPostgres pageStore = "PostgreSQL"
)

// pageBook is what filling a book needs of a store.
type pageBook interface {
	intake.Store

	Migrate(ctx context.Context) (from, to int64, err error)
	CreateProject(ctx context.Context, p clientele.Project) (clientele.Project, error)
	CreateCampaign(ctx context.Context, c clientele.Campaign) (clientele.Campaign, error)
	CreatePublisher(ctx context.Context, p clientele.Publisher) (clientele.Publisher, error)
	Close() error
}

// newPageBook makes a book and returns it with the flags that name its place.
func (b *bench) newPageBook(ctx context.Context, s pageStore) (pageBook, place, error) {
	if s == pagesOnSQLite {
		dir, err := os.MkdirTemp(b.dir, "pages-")
		if err != nil {
			return nil, nil, err
		}
		opened, err := sqlite.Open(ctx, dir)
		return opened, inDirectory(dir), err
	}
	cluster, err := b.postgres(ctx)
	if err != nil {
		return nil, nil, err
	}
	database, _, err := cluster.createDatabase(ctx)
	if err != nil {
		return nil, nil, err
	}
	opened, err := postgres.Open(ctx, postgres.Options{URL: cluster.url(database), Lanes: fillLanes})
	return opened, place{"--database-url", cluster.url(database)}, err
}

const (
	fillLanes = 2
	// fillWaiting is how many writes are under way at once, a batch for each lane and one that forms.
	fillWaiting = 1536
	// fillSpan is the time over which what is in the book arrived.
	fillSpan = 2 * 365 * 24 * time.Hour
)

// fillPages puts customers and leads into a new book, as if they had come evenly over fillSpan up to now.
func (b *bench) fillPages(ctx context.Context, s pageBook, o pageOptions) (err error) {
	if _, _, err := s.Migrate(ctx); err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	clock := &fillClock{now: now.Add(-fillSpan)}
	p, err := s.CreateProject(ctx, clientele.Project{Name: "bench", TimeZone: clientele.DefaultTimeZone, CreatedAt: clock.at()})
	if err != nil {
		return err
	}
	line := intake.New(s, intake.Options{Lanes: fillLanes, MaxWaiting: 2 * fillWaiting})
	defer func() { err = errors.Join(err, line.Close(context.WithoutCancel(ctx))) }()
	f := &filling{bench: b, store: s, project: p.ID, clock: clock, line: line, book: book.New(line, clock.at)}
	return errors.Join(f.customers(ctx, o.customers), f.leads(ctx, o.leads))
}

// filling is a book on its way.
type filling struct {
	bench   *bench
	store   pageBook
	project int64
	clock   *fillClock
	line    *intake.Intake
	book    *book.Book
}

func (f *filling) call(d clientele.Dialect) book.Call {
	return book.Call{ProjectID: f.project, Origin: clientele.Origin{Dialect: d, CredentialID: 1, RequestID: "bench"}}
}

func (f *filling) customers(ctx context.Context, count int) error {
	f.clock.restart(count)
	return f.each(ctx, "customers", count, func(ctx context.Context, i int) error {
		_, err := f.book.Upsert(ctx, f.call(clientele.OPM), fillCustomer(i))
		return err
	})
}

// leads makes leads of twenty campaigns and fifty publishers, in every stage.
func (f *filling) leads(ctx context.Context, count int) error {
	f.clock.restart(count)
	campaigns, publishers, err := f.parties(ctx)
	if err != nil {
		return err
	}
	return f.each(ctx, "leads", count, func(ctx context.Context, i int) error {
		lead, err := fillLead(i, f.clock.at())
		if err != nil {
			return err
		}
		lead.CampaignID, lead.PublisherID = campaigns[i%len(campaigns)], publishers[i%len(publishers)]
		call := f.call(clientele.PrimeLead)
		_, err = f.line.Commit(ctx, clientele.Write{
			ProjectID: call.ProjectID, Origin: call.Origin, At: lead.ActionAt, Lead: &clientele.LeadWrite{Register: &lead},
		})
		return err
	})
}

// parties creates campaigns and publishers and returns their ids.
func (f *filling) parties(ctx context.Context) (campaigns, publishers []int64, err error) {
	for i := range 20 {
		c, err := f.store.CreateCampaign(ctx, clientele.Campaign{
			ProjectID: f.project, UUID: uuid.NewString(), Name: fmt.Sprintf("Campaign %d", i+1),
			LandingURL: "https://shop.example.com/offer", CreatedAt: f.clock.at(),
		})
		if err != nil {
			return nil, nil, err
		}
		campaigns = append(campaigns, c.ID)
	}
	for i := range 50 {
		p, err := f.store.CreatePublisher(ctx, clientele.Publisher{
			UUID: uuid.NewString(), Name: fmt.Sprintf("Publisher %d", i+1), CreatedAt: f.clock.at(),
		})
		if err != nil {
			return nil, nil, err
		}
		publishers = append(publishers, p.ID)
	}
	return campaigns, publishers, nil
}

// each does something count times, many at once.
func (f *filling) each(ctx context.Context, what string, count int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for range fillWaiting {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < count && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					cancel(fmt.Errorf("fill in %s: %w", what, err))
				}
			}
		})
	}
	all.Wait()
	f.bench.say("%s %s in %s", grouped(float64(count)), what, time.Since(start).Round(time.Second))
	return context.Cause(ctx)
}

var (
	fillFirstNames = strings.Fields("Ada Ben Cleo Dan Eva Finn Gina Hugo Ida Jan Kim Lena Max Nora Otto Pia Quinn Rosa Sam Tess")
	fillLastNames  = strings.Fields("Archer Baker Carter Dyer Evans Fisher Glover Hunter Iversen Joiner Keeler Lorimer Mason Naylor Osler Potter")
)

// fillCustomer is the ith made-up customer; one in a thousand has a rare name.
func fillCustomer(i int) clientele.Details {
	random := rand.New(rand.NewPCG(uint64(i), 1))
	last := fillLastNames[random.IntN(len(fillLastNames))]
	if i%1000 == 0 {
		last = "Zimmermann"
	}
	return clientele.Details{
		ExternalID: clientele.Some(fmt.Sprintf("c-%08d", i)),
		FirstName:  clientele.Some(fillFirstNames[random.IntN(len(fillFirstNames))]),
		LastName:   clientele.Some(last),
		Email:      clientele.Some(fmt.Sprintf("customer%d@example.com", i)),
		Phone:      clientele.Some(fmt.Sprintf("+1%d555%04d", 212+random.IntN(100), i%10_000)),
		IP:         clientele.Some(fmt.Sprintf("192.0.2.%d", 1+random.IntN(254))),
	}
}

// fillLead is the ith made-up lead, registered at a time; half of them come from each stage to the next.
func fillLead(i int, at time.Time) (clientele.Lead, error) {
	random := rand.New(rand.NewPCG(uint64(i), 2))
	var report clientele.LeadReport
	for s := clientele.StageWideContact; s < clientele.NumStages && random.IntN(2) == 0; s++ {
		report.Reached[s] = at
		if s == clientele.StageContract {
			report.NetValue = clientele.Amount(10_000 + random.IntN(1_000_000))
		}
	}
	return clientele.Lead{UUID: uuid.NewString(), ActionAt: at}.Report(report)
}

// fillClock moves a little each time it is looked at, from the beginning of fillSpan to now.
type fillClock struct {
	mu   sync.Mutex
	now  time.Time
	step time.Duration
}

// restart makes the clock go through the span again in so many steps.
func (c *fillClock) restart(steps int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := time.Now().UTC().Add(-time.Minute)
	c.now = end.Add(-fillSpan)
	c.step = fillSpan / time.Duration(steps+100)
}

func (c *fillClock) at() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.step)
	return c.now.Truncate(time.Microsecond)
}
