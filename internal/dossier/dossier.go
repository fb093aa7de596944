// Package dossier gathers everything that a book holds about one customer, for the person who asks for it.
package dossier

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"clientele"
)

// Book is a store as a dossier is read from it.
type Book interface {
	// Columns returns the names of a table's columns, in alphabetical order.
	Columns(ctx context.Context, table string) ([]string, error)
	// Look hands a snapshot of the book to look.
	Look(ctx context.Context, look func(clientele.Snapshot) error) error
}

// Row is a row of a table by the names of its columns: texts, numbers and truths as they are, times in RFC 3339, JSON as it is,
// binary values in hexadecimal.
type Row map[string]any

// Dossier is all that there is about one customer of a project.
type Dossier struct {
	Customer  Row   `json:"customer"`
	Addresses []Row `json:"addresses"`
	// Changes is the history, the oldest first, with every value that was ever stored.
	Changes []Row `json:"changes"`
	// Submissions are the writes that were accepted for later and created the customer, changed it, name it or carry its
	// external id, external number, e-mail address or phone number.
	Submissions []Row `json:"submissions"`
	// Events are those that told of the customer among others, Deliveries what became of them, Attempts each try.
	Events     []Row `json:"events"`
	Deliveries []Row `json:"deliveries"`
	Attempts   []Row `json:"attempts"`
	// RefusedCalls are those in the inbox in which one of the same values stands.
	RefusedCalls []Row `json:"refusedCalls"`
	// RememberedCalls are calls with an Idempotency-Key that are remembered for the customer, or for one of the submissions.
	RememberedCalls []Row `json:"rememberedCalls"`
	// Visits are clicks from an address on the network that the customer has or had: when they were, and what is kept of the
	// visitor. Whoever else has the address may have made them. Of somebody who was erased there are none.
	Visits []Row `json:"visits"`

	// people are the values by which the person was known, the present ones and each former one.
	people []clientele.Details
}

// Collect gathers the dossier of a customer, in one snapshot. Kind not_found when there is no such customer. It goes through
// all submissions, events, deliveries and remembered calls of the project, and through the inbox.
func Collect(ctx context.Context, b Book, project, customer int64) (Dossier, error) {
	return collect(ctx, b, &collector{project: project, customer: customer})
}

// CollectRest gathers again what there is about the customer of a dossier, who was erased since: what came meanwhile.
func CollectRest(ctx context.Context, b Book, project, customer int64, before *Dossier) (Dossier, error) {
	return collect(ctx, b, &collector{
		project: project, customer: customer, isErased: true, dossier: Dossier{people: before.people},
	})
}

func collect(ctx context.Context, b Book, c *collector) (Dossier, error) {
	c.book = b
	err := b.Look(ctx, func(s clientele.Snapshot) error {
		c.snapshot = s
		return c.collect(ctx)
	})
	return c.dossier, err
}

type collector struct {
	book     Book
	snapshot clientele.Snapshot
	project  int64
	customer int64
	isErased bool
	marks    *marks
	dossier  Dossier
}

func (c *collector) collect(ctx context.Context) error {
	d := &c.dossier
	own := func(Row) bool { return true }
	customers, err := c.rows(ctx, selection{table: "customer", by: "id", key: []string{"id"}}, own)
	if err != nil {
		return err
	}
	if len(customers) == 0 && !c.isErased {
		return clientele.Errorf(clientele.KindNotFound, "there is no such customer")
	}
	if d.Changes, err = c.rows(ctx, selection{table: "change", by: "subject_id", key: []string{"seq"}, subject: clientele.SubjectCustomer}, own); err != nil {
		return err
	}
	if len(customers) > 0 {
		d.Customer = customers[0]
		d.people = peopleOf(d)
	}
	c.marks = marksOf(d.people)
	events, deliveries, submissions := map[any]bool{}, map[any]bool{}, map[any]bool{}
	for _, step := range []struct {
		to *[]Row
		of selection
		is func(Row) bool
	}{
		{&d.Addresses, selection{table: "address", by: "customer_id", key: []string{"id"}}, own},
		{&d.Submissions, selection{table: "submission", by: "seq", key: []string{"seq"}, all: true}, func(r Row) bool {
			submissions[r["id"]] = c.isSubmission(r)
			return submissions[r["id"]]
		}},
		{&d.RememberedCalls, selection{table: "remembered_call", by: "subject_id", key: []string{"credential_id", "key"}, all: true}, func(r Row) bool {
			return submissions[r["reference"]] || r["reference"] == "" && r["subject_id"] == c.customer
		}},
		{&d.Events, selection{table: "event", by: "seq", key: []string{"seq"}, all: true}, func(r Row) bool { return c.isEvent(r, events) }},
		{&d.Deliveries, selection{table: "delivery", by: "seq", key: []string{"seq"}, all: true}, func(r Row) bool {
			deliveries[r["id"]] = events[r["event_seq"]]
			return events[r["event_seq"]]
		}},
		{&d.Attempts, selection{table: "attempt", by: "number", key: []string{"delivery_id", "number"}, all: true}, func(r Row) bool {
			return deliveries[r["delivery_id"]]
		}},
		{&d.RefusedCalls, selection{table: "refusal", by: "id", key: []string{"id"}, all: true, ofNobody: true}, c.isRefusal},
	} {
		if *step.to, err = c.rows(ctx, step.of, step.is); err != nil {
			return err
		}
	}
	return c.collectVisits(ctx)
}

// collectVisits finds the visits that an erasure makes anonymous. A lead's other columns are the publisher's and the advertiser's
// affair, and its UUID is a secret.
func (c *collector) collectVisits(ctx context.Context) error {
	c.dossier.Visits = []Row{}
	if c.isErased {
		return nil
	}
	for _, ip := range c.dossier.IPs() {
		of := selection{table: "lead", by: "ip", text: ip, key: []string{"id"}, columns: []string{"id", "action_at", "ip", "user_agent"}}
		visits, err := c.rows(ctx, of, func(Row) bool { return true })
		if err != nil {
			return err
		}
		c.dossier.Visits = append(c.dossier.Visits, visits...)
	}
	return nil
}

// selection says which rows of a table are looked at.
type selection struct {
	table, by string
	key       []string
	subject   clientele.Subject
	// all says that every row of the project is looked at, not only those whose column by is the customer's id.
	all bool
	// ofNobody says that the table does not belong to projects.
	ofNobody bool
	// text is what the column by is, where that is a text.
	text string
	// columns are those of interest; all where none is named.
	columns []string
}

// rows returns those rows of a selection that are about the person; never nil.
func (c *collector) rows(ctx context.Context, of selection, is func(Row) bool) ([]Row, error) {
	columns := of.columns
	if columns == nil {
		var err error
		if columns, err = c.book.Columns(ctx, of.table); err != nil {
			return nil, err
		}
	}
	r := &clientele.RowRange{
		Part:    clientele.Part{Table: of.table, Owned: !of.ofNobody, Project: c.project, Key: of.key, Columns: columns},
		Subject: of.subject, By: of.by, From: c.customer, To: c.customer, Text: of.text,
	}
	if of.all {
		r.From, r.To = 0, math.MaxInt64
	}
	list := []Row{}
	for values, err := range c.snapshot.Rows(ctx, r) {
		if err != nil {
			return nil, err
		}
		if row := rowOf(columns, values); is(row) {
			list = append(list, row)
		}
	}
	return list, nil
}

func (c *collector) isSubmission(r Row) bool {
	return r["customer_id"] == c.customer || r["target"] == strconv.FormatInt(c.customer, 10) || c.marks.inPayload(r["payload"])
}

// isEvent reports whether an event tells of the customer, and takes it down.
func (c *collector) isEvent(r Row, events map[any]bool) bool {
	eventType, _ := r["event_type"].(string)
	if clientele.EventType(eventType).Subject() != clientele.SubjectCustomer {
		return false
	}
	ids := strings.FieldsFunc(fmt.Sprintf("%s", r["subject_ids"]), func(x rune) bool { return x < '0' || x > '9' })
	for _, id := range ids {
		if id == strconv.FormatInt(c.customer, 10) {
			events[r["seq"]] = true
			return true
		}
	}
	return false
}

// isRefusal reports whether a refused call of the project, or of a caller that nobody knows, tells of the person.
func (c *collector) isRefusal(r Row) bool {
	if r["project_id"] != c.project && r["project_id"] != int64(0) {
		return false
	}
	text := func(column string) string {
		s, _ := r[column].(string)
		return s
	}
	return c.marks.inTarget(text("target")) || c.marks.inBody(text("body"), text("media")) || c.marks.inText(text("answer"))
}
