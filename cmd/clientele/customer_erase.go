package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"clientele"
	"clientele/internal/config"
	"clientele/internal/dossier"
)

type customerErase struct {
	config.Book
	whichCustomer `embed:""`
	Yes           bool          `help:"Erase without asking."`
	Settle        time.Duration `help:"How long to wait for what servers have in hand, such as calls that they refused just now, before looking once more (default ${default})." default:"3s" placeholder:"TIME"`
	JSON          bool          `help:"Print the record of the erasure as JSON." name:"json"`
}

// eraserStore is what erasing asks of a store.
type eraserStore interface {
	customerFinder
	dossier.Book
	Commit(ctx context.Context, writes []clientele.Write) ([]clientele.Outcome, error)
	EnsureErasureKey(ctx context.Context, key []byte, at time.Time) error
	ListErasures(ctx context.Context, q clientele.ErasureQuery) ([]clientele.Erasure, error)
	FindErased(ctx context.Context, project int64, ids []clientele.Identifier) ([]clientele.MarkedErasure, error)
}

// Run erases the customer, says what went, and records it.
func (c *customerErase) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		b := s.(eraserStore)
		project, id, d, err := c.collect(ctx, b)
		if err != nil {
			return err
		}
		if err := c.confirm(ctx, std, project, id, &d); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return errors.New("interrupted: nothing was erased")
		}
		late, cancel := outlasting(ctx, lastPass)
		defer cancel()
		e := &eraser{store: b, project: project.ID, customer: id}
		if err := e.erase(late, &d); err != nil {
			return err
		}
		// The customer is gone, and with it what another run would find the rest by: each step is taken whatever came of the others.
		return e.conclude(
			notAudited(auditCustomer(late, s, "customer.erase", project.ID, id)),
			e.follow(late, &d, c.Settle, ctx.Done()),
			notPurged(purge(context.WithoutCancel(ctx), s, std.err)), // also where the last pass took all the time
			c.print(late, std.out, b, project, id),
		)
	})
}

// lastPass is how long an erasure that has begun goes on when it is interrupted. A second signal ends it at once.
const lastPass = time.Minute

// outlasting returns a context that is done so much later than ctx.
func outlasting(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-late.Done():
		case <-time.After(by):
			cancel()
		}
	})
	return late, func() { stop(); cancel() }
}

// collect finds the customer and gathers everything about it. Where it is not, the error says whether it was erased.
func (w *whichCustomer) collect(ctx context.Context, s eraserStore) (project clientele.Project, id int64, d dossier.Dossier, err error) {
	project, id, err = w.find(ctx, s)
	if err == nil {
		d, err = dossier.Collect(ctx, s, project.ID, id)
	}
	if clientele.KindOf(err) == clientele.KindNotFound && project.ID != 0 {
		err = w.explainMissing(ctx, s, project.ID, err)
	}
	return project, id, d, err
}

// explainMissing returns err, or the sentence that the customer was erased.
func (w *whichCustomer) explainMissing(ctx context.Context, s eraserStore, project int64, err error) error {
	var found []clientele.MarkedErasure
	var failed error
	switch {
	case w.ID != 0:
		var list []clientele.Erasure
		list, failed = s.ListErasures(ctx, clientele.ErasureQuery{ProjectID: project, CustomerID: w.ID, Limit: 1})
		for i := range list {
			found = append(found, clientele.MarkedErasure{CustomerID: list[i].CustomerID, At: list[i].At})
		}
	case w.ExternalID != "":
		found, failed = s.FindErased(ctx, project, []clientele.Identifier{{Kind: clientele.IdentifiedByID, Value: w.ExternalID}})
	default:
		ids := clientele.Identifiers(&clientele.Details{Email: clientele.Some(w.Email)}, &clientele.Normal{})
		found, failed = s.FindErased(ctx, project, ids)
	}
	if failed != nil || len(found) == 0 {
		return errors.Join(failed, err)
	}
	said := make([]string, len(found))
	for i, e := range found {
		said[i] = fmt.Sprintf("customer %d was erased at %s", e.CustomerID, stamp(e.At))
	}
	return clientele.Errorf(clientele.KindNotFound, "%s", strings.Join(said, ", "))
}

// confirm says what goes and asks for the customer's id, unless there was a yes before.
func (c *customerErase) confirm(ctx context.Context, std streams, project clientele.Project, id int64, d *dossier.Dossier) error {
	if c.Yes && c.JSON {
		return nil // a program asked
	}
	rows := d.Rows(id)
	_, err := fmt.Fprintf(std.err, "Customer %d of %s goes for good, with %d addresses, the values of %d changes and of %d submissions, "+
		"%d remembered calls, %d answers of receivers, %d refused calls, and the address and browser of %d visits. Backups, logs and what "+
		"partners have are not touched.\n",
		id, project.Name, len(d.Addresses), len(d.Changes), len(rows.Submissions), len(rows.Calls), len(rows.Deliveries), len(rows.Refusals),
		len(d.Visits))
	if err != nil || c.Yes {
		return err
	}
	if in, isFile := std.in.(*os.File); !isFile || !isTerminal(in) {
		return errors.New("nothing was erased: give --yes to erase")
	}
	if _, err := fmt.Fprintf(std.err, "Type %d to erase: ", id); err != nil {
		return err
	}
	line, err := readLine(ctx, std.in)
	if err == nil && strings.TrimSpace(line) == strconv.FormatInt(id, 10) {
		return nil
	}
	if err != nil { // what was typed has no end, and what is said is to begin a line
		_, _ = fmt.Fprintln(std.err)
	}
	return fmt.Errorf("nothing was erased: type %d, the customer's id, or give --yes", id)
}

// eraser erases one customer.
type eraser struct {
	store             eraserStore
	project, customer int64
}

// eraseRounds bounds how often is looked for what came meanwhile.
const eraseRounds = 10

// erase erases the customer of a dossier, and what the dossier has.
func (e *eraser) erase(ctx context.Context, d *dossier.Dossier) error {
	key := make([]byte, clientele.ErasureKeyBytes)
	rand.Read(key)
	if err := e.store.EnsureErasureKey(ctx, key, time.Now().UTC()); err != nil {
		return err
	}
	result, err := e.commit(ctx, &clientele.EraseWrite{Known: d.Known(), IPs: d.IPs(), Rows: d.Rows(e.customer)})
	switch {
	case err != nil:
		return err
	case result != clientele.Erased:
		return clientele.Errorf(clientele.KindConflict, "customer %d was erased by somebody else meanwhile", e.customer)
	}
	return nil
}

// follow erases what comes of the person meanwhile: what is there at once, then what servers had in hand. When it is interrupted
// it waits no more for that, and looks once more all the same.
func (e *eraser) follow(ctx context.Context, d *dossier.Dossier, settle time.Duration, interrupted <-chan struct{}) error {
	_ = e.eraseRest(ctx, d) // what it leaves is found by the next
	var cut error
	select {
	case <-interrupted:
		cut = errors.New("servers were not waited for: a call that they refused just before may stay in the inbox until its time is over")
	case <-time.After(settle):
	}
	if err := e.eraseRest(ctx, d); err != nil {
		return fmt.Errorf("what came of the person meanwhile may stay until its time is over: %s", explain(err))
	}
	return cut
}

// conclude returns what there is to say of an erasure whose further steps came to this; nil when each was done.
func (e *eraser) conclude(steps ...error) error {
	var said []string
	for _, err := range steps {
		if err != nil {
			said = append(said, explain(err))
		}
	}
	if said == nil {
		return nil
	}
	return fmt.Errorf("customer %d is erased, but %s", e.customer, strings.Join(said, "; "))
}

// notAudited says what it means that the audit entry failed.
func notAudited(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the audit log does not tell of it: %s", explain(err))
}

// notPurged says what it means that purging failed.
func notPurged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the -wal file may still hold old pages, which go when the server is restarted: %s", explain(err))
}

// eraseRest erases what is there of the person until there is nothing.
func (e *eraser) eraseRest(ctx context.Context, d *dossier.Dossier) error {
	for range eraseRounds {
		rest, err := dossier.CollectRest(ctx, e.store, e.project, e.customer, d)
		if err != nil {
			return err
		}
		rows := rest.Rows(e.customer)
		if rows.IsEmpty() {
			return nil
		}
		if _, err := e.commit(ctx, &clientele.EraseWrite{Rows: rows}); err != nil {
			return err
		}
	}
	return clientele.Errorf(clientele.KindConflict, "more of the same person keeps coming: see clientele customer erasures")
}

func (e *eraser) commit(ctx context.Context, w *clientele.EraseWrite) (clientele.Result, error) {
	w.CustomerID, w.AskedBy = e.customer, clientele.AskedByCommand
	outcomes, err := e.store.Commit(ctx, []clientele.Write{{
		ProjectID: e.project, Origin: clientele.Origin{Dialect: clientele.ViaCommand, RequestID: "customer erase"},
		At: time.Now().UTC().Truncate(time.Microsecond), Erase: w,
	}})
	if err != nil {
		return 0, err
	}
	return outcomes[0].Result, outcomes[0].Err
}

// purgeTries is how often a store is asked to empty its log, each time for a second.
const purgeTries = 5

// purge has a store that is a file leave nothing in it of what was erased.
func purge(ctx context.Context, s store, out io.Writer) error {
	p, isFile := s.(interface {
		Purge(ctx context.Context) (done bool, err error)
	})
	if !isFile {
		return nil
	}
	for range purgeTries {
		if done, err := p.Purge(ctx); err != nil || done {
			return err
		}
	}
	_, err := fmt.Fprintln(out, "Somebody reads the book for long, so that the -wal file still holds old pages: they go when the server is restarted.")
	return err
}

// print prints the record of the erasure.
func (c *customerErase) print(ctx context.Context, out io.Writer, s eraserStore, project clientele.Project, id int64) error {
	list, err := s.ListErasures(ctx, clientele.ErasureQuery{ProjectID: project.ID, CustomerID: id, Limit: 1})
	if err != nil || len(list) == 0 {
		return err
	}
	if c.JSON {
		return printJSON(out, erasureJSON(&list[0]))
	}
	_, err = fmt.Fprintf(out, "Erased customer %d of %s at %s.\n", id, project.Name, stamp(list[0].At))
	return err
}

type customerErasures struct {
	config.Book
	Project string `help:"Name of the project." required:"" placeholder:"NAME"`
	JSON    bool   `help:"Print one JSON object a line." name:"json"`
}

// Run lists who was erased, the newest first, and what came of it.
func (c *customerErasures) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		project, err := s.FindProject(ctx, c.Project)
		if err != nil {
			return err
		}
		var rows []string
		q := clientele.ErasureQuery{ProjectID: project.ID, Limit: clientele.MaxPage}
		for {
			list, err := s.ListErasures(ctx, q)
			if err != nil {
				return err
			}
			for i := range list {
				e := &list[i]
				if c.JSON {
					if err := printJSON(std.out, erasureJSON(e)); err != nil {
						return err
					}
				}
				rows = append(rows, fmt.Sprintf("%d\t%s\t%s\t%d\t%s", e.CustomerID, stamp(e.At), e.AskedBy, e.HeldBack, returnOf(e)))
			}
			if len(list) < q.Limit {
				break
			}
			q.Before = list[len(list)-1].Position()
		}
		if c.JSON {
			return nil
		}
		return printTable(std.out, "CUSTOMER\tERASED\tBY\tHELD BACK\tRETURNED AS", rows)
	})
}

func returnOf(e *clientele.Erasure) string {
	if e.ReturnedAs == 0 {
		return "-"
	}
	return fmt.Sprintf("%d at %s", e.ReturnedAs, stamp(e.ReturnedAt))
}

// erasureJSON returns a record as it is printed.
func erasureJSON(e *clientele.Erasure) any {
	return struct {
		Customer    int64  `json:"customer"`
		At          string `json:"at"`
		AskedBy     string `json:"askedBy"`
		Addresses   int64  `json:"addresses"`
		Changes     int64  `json:"changes"`
		Submissions int64  `json:"submissions"`
		Calls       int64  `json:"calls"`
		Answers     int64  `json:"answers"`
		Refusals    int64  `json:"refusals"`
		HeldBack    int64  `json:"heldBack"`
		ReturnedAs  int64  `json:"returnedAs,omitzero"`
		ReturnedAt  string `json:"returnedAt,omitzero"`
	}{
		e.CustomerID, stamp(e.At), e.AskedBy, e.Addresses, e.Changes, e.Submissions, e.Calls, e.Answers, e.Refusals, e.HeldBack,
		e.ReturnedAs, stamp(e.ReturnedAt),
	}
}
