package main

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"clientele"
	"clientele/internal/config"
	"clientele/internal/webhook"
)

type deliveryCommand struct {
	List   deliveryList   `cmd:"" help:"List deliveries, newest first."`
	Show   deliveryShow   `cmd:"" help:"Show a delivery with its attempts."`
	Resend deliveryResend `cmd:"" help:"Send a delivery again, or those of a subscription that failed, or every change since a time."`
}

// deliveryJSON is a delivery as the commands print it.
type deliveryJSON struct {
	ID           string   `json:"id"`
	Seq          int64    `json:"seq"`
	Subscription string   `json:"subscription"`
	EventType    string   `json:"eventType"`
	IDs          []string `json:"ids"`
	EventAt      string   `json:"eventAt"`
	Status       string   `json:"status"`
	Attempts     int      `json:"attempts"`
	CreatedAt    string   `json:"createdAt"`
	DueAt        string   `json:"dueAt,omitzero"`
	FinishedAt   string   `json:"finishedAt,omitzero"`
}

func deliveryOutput(d *clientele.Delivery) deliveryJSON {
	o := deliveryJSON{
		ID: d.ID, Seq: d.Seq, Subscription: d.SubscriptionID, EventType: string(d.EventType), IDs: make([]string, len(d.SubjectIDs)),
		EventAt: stamp(d.EventAt), Status: string(d.Status), Attempts: d.Attempts, CreatedAt: stamp(d.CreatedAt),
		FinishedAt: stamp(d.FinishedAt),
	}
	for i, id := range d.SubjectIDs {
		o.IDs[i] = fmt.Sprint(id)
	}
	if d.Status == clientele.DeliveryDue {
		o.DueAt = stamp(d.DueAt)
	}
	return o
}

// attemptJSON is an attempt as the commands print it.
type attemptJSON struct {
	Number       int    `json:"number"`
	At           string `json:"at"`
	Milliseconds int64  `json:"milliseconds"`
	Outcome      string `json:"outcome"`
	StatusCode   int    `json:"statusCode"`
	Answer       string `json:"answer"`
}

func attemptOutput(a *clientele.Attempt) attemptJSON {
	o := attemptJSON{
		Number: a.Number, At: stamp(a.At), Milliseconds: a.Duration.Milliseconds(), Outcome: webhook.Outcome(a),
		StatusCode: a.StatusCode,
	}
	if utf8.Valid(a.Answer) {
		o.Answer = string(a.Answer)
	} else {
		o.Answer = fmt.Sprintf("%q", a.Answer) // cut in the middle of a character, or no text at all
	}
	return o
}

type deliveryList struct {
	config.Book
	Subscription string  `help:"Subscription, by id." required:"" placeholder:"ID"`
	Status       *string `help:"Only those with this status: due, delivered or failed." enum:"due,delivered,failed" placeholder:"STATUS"`
	Before       int64   `help:"Only those before this seq: the next page." placeholder:"SEQ"`
	Limit        int     `help:"How many at most (default ${default})." default:"100" placeholder:"N"`
	JSON         bool    `help:"Print one JSON object."`
}

// Validate is called by the parser.
func (c *deliveryList) Validate() error {
	if c.Limit < 1 || c.Limit > 1000 {
		return fmt.Errorf("--limit must be between 1 and 1000")
	}
	return nil
}

// Run lists the deliveries.
func (c *deliveryList) Run(ctx context.Context, std streams) error {
	var status clientele.DeliveryStatus // any
	if c.Status != nil {
		status = clientele.DeliveryStatus(*c.Status)
	}
	return onSubscription(ctx, c.Book, c.Subscription, func(hooks *webhook.Service, s clientele.Subscription) error {
		found, err := hooks.Deliveries(ctx, clientele.DeliveryFilter{
			ProjectID: s.ProjectID, SubscriptionID: s.ID, Status: status, Before: c.Before, Limit: c.Limit,
		})
		if err != nil {
			return err
		}
		list, rows := make([]deliveryJSON, len(found)), make([]string, len(found))
		for i := range found {
			o := deliveryOutput(&found[i])
			list[i] = o
			rows[i] = fmt.Sprintf("%s\t%d\t%s\t%d\t%d\t%s\t%s", o.ID, o.Seq, o.Status, o.Attempts, len(o.IDs), o.CreatedAt, orDash(o.DueAt))
		}
		if c.JSON {
			return printJSON(std.out, struct {
				Deliveries []deliveryJSON `json:"deliveries"`
			}{list})
		}
		return printTable(std.out, "ID\tSEQ\tSTATUS\tATTEMPTS\tIDS\tCREATED\tDUE", rows)
	})
}

// onDelivery finds a delivery, in whatever project, and hands it to do.
func onDelivery(ctx context.Context, c config.Book, id string, do func(*webhook.Service, clientele.Delivery, []clientele.Attempt) error) error {
	return withEvents(ctx, c, webhook.ClientOptions{}, func(s store, hooks *webhook.Service) error {
		projects, err := s.ListProjects(ctx)
		if err != nil {
			return err
		}
		for _, p := range projects {
			d, attempts, err := hooks.Delivery(ctx, p.ID, id)
			if clientele.KindOf(err) == clientele.KindNotFound {
				continue
			}
			if err != nil {
				return err
			}
			return do(hooks, d, attempts)
		}
		return clientele.Errorf(clientele.KindNotFound, "there is no delivery %s", id)
	})
}

type deliveryShow struct {
	config.Book
	ID   string `arg:"" name:"id" help:"The delivery's id, which is its webhook-id."`
	JSON bool   `help:"Print one JSON object."`
}

// Run shows the delivery.
func (c *deliveryShow) Run(ctx context.Context, std streams) error {
	return onDelivery(ctx, c.Book, c.ID, func(_ *webhook.Service, d clientele.Delivery, attempts []clientele.Attempt) error {
		o, list, rows := deliveryOutput(&d), make([]attemptJSON, len(attempts)), make([]string, len(attempts))
		for i := range attempts {
			a := attemptOutput(&attempts[i])
			list[i] = a
			rows[i] = fmt.Sprintf("%d\t%s\t%d ms\t%s\t%d\t%.60q", a.Number, a.At, a.Milliseconds, a.Outcome, a.StatusCode, a.Answer)
		}
		if c.JSON {
			return printJSON(std.out, struct {
				deliveryJSON
				AttemptList []attemptJSON `json:"attemptList"`
			}{o, list})
		}
		fmt.Fprintf(std.out, "Delivery %s of subscription %s: %s, %s with %d ids, created %s.\n\n", o.ID, o.Subscription, o.Status,
			o.EventType, len(o.IDs), o.CreatedAt)
		return printTable(std.out, "ATTEMPT\tAT\tTOOK\tOUTCOME\tSTATUS\tANSWER", rows)
	})
}

type deliveryResend struct {
	config.Book
	ID           string    `arg:"" optional:"" name:"id" help:"The delivery's id."`
	Subscription string    `help:"Instead of a delivery: the subscription to send to again." placeholder:"ID"`
	FailedFrom   time.Time `help:"Send again what failed of the deliveries created since, such as 2027-01-31T08:00:00Z." placeholder:"TIME"`
	FailedTo     time.Time `help:"The end of that window (default: now)." placeholder:"TIME"`
	Since        time.Time `help:"Tell of every change again that was made since." placeholder:"TIME"`
	JSON         bool      `help:"Print one JSON object."`
}

// Validate is called by the parser.
func (c *deliveryResend) Validate() error {
	if (c.ID == "") == (c.Subscription == "") {
		return errors.New("name a delivery or a --subscription")
	}
	switch from, to, since := !c.FailedFrom.IsZero(), !c.FailedTo.IsZero(), !c.Since.IsZero(); {
	case c.ID != "" && (from || to || since):
		return errors.New("--failed-from, --failed-to and --since go with --subscription: a delivery that is named is sent again whenever it was")
	case c.Subscription != "" && from == since:
		return errors.New("with --subscription goes either --failed-from or --since")
	case to && since:
		return errors.New("--failed-to goes with --failed-from: --since tells of every change up to now")
	}
	return nil
}

// Run makes deliveries due, for the server to send.
func (c *deliveryResend) Run(ctx context.Context, std streams) error {
	if c.ID != "" {
		return onDelivery(ctx, c.Book, c.ID, func(hooks *webhook.Service, d clientele.Delivery, _ []clientele.Attempt) error {
			if err := hooks.Resend(ctx, d.ProjectID, d.ID); err != nil {
				return err
			}
			return c.printDone(std, 1)
		})
	}
	return onSubscription(ctx, c.Book, c.Subscription, func(hooks *webhook.Service, s clientele.Subscription) error {
		if !c.Since.IsZero() {
			if err := hooks.ResendSince(ctx, s.ProjectID, s.ID, c.Since); err != nil {
				return err
			}
			return c.printDone(std, -1)
		}
		if c.FailedTo.IsZero() {
			c.FailedTo = time.Now()
		}
		n, err := hooks.ResendFailed(ctx, s.ProjectID, s.ID, c.FailedFrom, c.FailedTo)
		if err != nil {
			return err
		}
		return c.printDone(std, n)
	})
}

// printDone tells how many deliveries are due now; -1 for every change.
func (c *deliveryResend) printDone(std streams, n int64) error {
	if c.JSON {
		o := struct {
			Resent     *int64 `json:"resent,omitempty"`
			AllChanges bool   `json:"allChanges,omitzero"`
		}{AllChanges: n < 0}
		if n >= 0 {
			o.Resent = &n
		}
		return printJSON(std.out, o)
	}
	if n < 0 {
		_, err := fmt.Fprintf(std.out, "Every change since %s is told of again; the server sends them.\n", stamp(c.Since))
		return err
	}
	_, err := fmt.Fprintf(std.out, "%d deliveries are due again; the server sends them.\n", n)
	return err
}
