package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"clientele"
	"clientele/internal/config"
	"clientele/internal/webhook"
)

type subscriptionCommand struct {
	Create  subscriptionCreate  `cmd:"" help:"Subscribe a URL to the changes of a project; its signing secret is shown this once."`
	List    subscriptionList    `cmd:"" help:"List the subscriptions, without their secrets and without the values in the queries of their URLs."`
	Delete  subscriptionDelete  `cmd:"" help:"End a subscription."`
	Test    subscriptionTest    `cmd:"" help:"Send an event without ids once and show what came of it."`
	Enable  subscriptionEnable  `cmd:"" help:"Serve a disabled subscription again; what was kept for it is delivered now."`
	Disable subscriptionDisable `cmd:"" help:"Stop serving a subscription; its events are kept."`
	Rotate  subscriptionRotate  `cmd:"" help:"Give a subscription a new signing secret; the old one signs as well for the overlap."`
}

// withEvents opens the book and hands do a service over its subscriptions, which sends nothing by itself.
func withEvents(ctx context.Context, c config.Book, o webhook.ClientOptions, do func(store, *webhook.Service) error) error {
	return withBook(ctx, c, func(s store) error {
		clock := clockOf(s)
		if _, err := clock.Follow(ctx); err != nil {
			return err
		}
		hooks := webhook.New(s, webhook.Options{Now: clock.Now, Client: o})
		err := do(s, hooks)
		return joinStop(err, hooks)
	})
}

// joinStop ends a service that served one command.
func joinStop(err error, hooks *webhook.Service) error {
	if stopErr := hooks.Stop(context.Background()); err == nil {
		return stopErr
	}
	return err
}

// findSubscription returns the subscription that an id names, in whatever project.
func findSubscription(ctx context.Context, hooks *webhook.Service, id string) (clientele.Subscription, error) {
	list, err := hooks.List(ctx, clientele.SubscriptionFilter{})
	for _, s := range list {
		if s.ID == id {
			return s, nil
		}
	}
	if err != nil {
		return clientele.Subscription{}, err
	}
	return clientele.Subscription{}, clientele.Errorf(clientele.KindNotFound, "there is no subscription %s", id)
}

// onSubscription finds a subscription and hands it to do.
func onSubscription(ctx context.Context, c config.Book, id string, do func(*webhook.Service, clientele.Subscription) error) error {
	return withEvents(ctx, c, webhook.ClientOptions{}, func(_ store, hooks *webhook.Service) error {
		s, err := findSubscription(ctx, hooks, id)
		if err != nil {
			return err
		}
		return do(hooks, s)
	})
}

// subscriptionJSON is a subscription as the commands print it. Its secrets are not among it.
type subscriptionJSON struct {
	ID             string   `json:"id"`
	Project        string   `json:"project"`
	EventType      string   `json:"eventType"`
	URL            string   `json:"url"`
	OmitSecret     bool     `json:"omitSecret"`
	Retry          []string `json:"retry"`
	RequestTimeout string   `json:"requestTimeout"`
	State          string   `json:"state"`
	CreatedAt      string   `json:"createdAt"`
	FailingSince   string   `json:"failingSince,omitzero"`
	DisabledAt     string   `json:"disabledAt,omitzero"`
	DisabledReason string   `json:"disabledReason,omitzero"`
	Due            int      `json:"due"`
	OldestChange   string   `json:"oldestChange,omitzero"`
	SigningSecret  string   `json:"signingSecret,omitzero"`
}

func subscriptionOutput(s *clientele.Subscription, project string) subscriptionJSON {
	o := subscriptionJSON{
		ID: s.ID, Project: project, EventType: string(s.EventType), URL: s.URL, OmitSecret: s.OmitSecret, Retry: []string{},
		RequestTimeout: s.RequestTimeout.String(), State: "active", CreatedAt: stamp(s.CreatedAt),
		FailingSince: stamp(s.FailingSince), DisabledAt: stamp(s.DisabledAt), DisabledReason: s.DisabledReason,
	}
	for _, d := range s.Retry {
		o.Retry = append(o.Retry, d.String())
	}
	switch {
	case !s.DisabledAt.IsZero():
		o.State = "disabled"
	case !s.FailingSince.IsZero():
		o.State = "failing"
	}
	return o
}

type subscriptionCreate struct {
	config.Book
	Project           string          `help:"Project whose changes are told of." required:"" placeholder:"NAME"`
	URL               string          `help:"Where events are sent: https, a public address." name:"url" required:"" placeholder:"URL"`
	Event             string          `help:"Event: customer:changed or lead:changed (default ${default})." enum:"customer:changed,lead:changed" default:"customer:changed"`
	SecretStdin       bool            `help:"Take the receiver's own secret, which stands in each event, from standard input."`
	OmitSecret        bool            `help:"Leave the receiver's secret out of the events: their signature proves enough."`
	Retry             []time.Duration `help:"Wait before a retry, in order; repeatable, at most 20. After them the default waits follow, over 3 days." placeholder:"TIME"`
	RequestTimeout    time.Duration   `help:"How long the receiver may take to answer (default ${default})." default:"100s" placeholder:"TIME"`
	AllowLoopbackHTTP bool            `help:"Allow http:// to this machine itself, for development; the server needs the same flag." name:"allow-loopback-http"`
	JSON              bool            `help:"Print one JSON object."`
}

// Run creates the subscription.
func (c *subscriptionCreate) Run(ctx context.Context, std streams) error {
	order := clientele.SubscriptionOrder{
		EventType: clientele.EventType(c.Event), URL: c.URL, OmitSecret: c.OmitSecret, Retry: c.Retry, RequestTimeout: c.RequestTimeout,
	}
	if c.SecretStdin {
		var err error
		if order.Secret, err = readSecret(ctx, std.in); err != nil {
			return err
		}
	}
	options := webhook.ClientOptions{AllowLoopbackHTTP: c.AllowLoopbackHTTP}
	return withEvents(ctx, c.Book, options, func(s store, hooks *webhook.Service) error {
		p, err := s.FindProject(ctx, c.Project)
		if err != nil {
			return err
		}
		order.ProjectID = p.ID
		sub, err := hooks.Create(ctx, order)
		if err != nil {
			return err
		}
		text := func(w io.Writer) error { return printSubscribed(w, &sub, p.Name, c.JSON) }
		return showOnce(std.out, text, newSigningSecret(sub.ID))
	})
}

// printSubscribed shows a new subscription with its signing secret.
func printSubscribed(w io.Writer, sub *clientele.Subscription, project string, asJSON bool) error {
	if asJSON {
		o := subscriptionOutput(sub, project)
		o.SigningSecret = sub.SigningSecret
		return printJSON(w, o)
	}
	_, err := fmt.Fprintf(w, "Subscription %s of project %s to %s.\n\n  signing secret: %s\n\nHand it over now: it is shown this once.\n",
		sub.ID, project, sub.EventType, sub.SigningSecret)
	return err
}

// newSigningSecret is the advice to whom a signing secret is lost.
func newSigningSecret(id string) func() string {
	return always("give subscription %s a new one: clientele subscription rotate %s", id, id)
}

type subscriptionList struct {
	config.Book
	Project string `help:"Only those of this project." placeholder:"NAME"`
	JSON    bool   `help:"Print one JSON object."`
}

// Run lists the subscriptions.
func (c *subscriptionList) Run(ctx context.Context, std streams) error {
	return withEvents(ctx, c.Book, webhook.ClientOptions{}, func(s store, hooks *webhook.Service) error {
		projects, err := projectsNamed(ctx, s, c.Project)
		if err != nil {
			return err
		}
		all, err := hooks.List(ctx, clientele.SubscriptionFilter{})
		if err != nil {
			return err
		}
		health, err := hooks.Health(ctx)
		if err != nil {
			return err
		}
		byID := make(map[string]clientele.SubscriptionHealth, len(health.Subscriptions))
		for _, h := range health.Subscriptions {
			byID[h.ID] = h
		}
		list, rows := []subscriptionJSON{}, []string(nil)
		for i := range all {
			name, wanted := projects[all[i].ProjectID]
			if !wanted {
				continue
			}
			o := subscriptionOutput(&all[i], name)
			o.URL = clientele.ShownURL(o.URL)
			o.Due, o.OldestChange = byID[o.ID].Due, stamp(byID[o.ID].OldestChange)
			list = append(list, o)
			rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s\t%d\t%s\t%s", o.ID, o.Project, o.EventType, o.State, o.Due, o.URL,
				orDash(o.DisabledReason)))
		}
		if c.JSON {
			return printJSON(std.out, struct {
				Subscriptions []subscriptionJSON `json:"subscriptions"`
			}{list})
		}
		return printTable(std.out, "ID\tPROJECT\tEVENT\tSTATE\tDUE\tURL\tREASON", rows)
	})
}

// projectsNamed returns the names of all projects by id, or of the one with this name.
func projectsNamed(ctx context.Context, s store, name string) (map[int64]string, error) {
	if name != "" {
		p, err := s.FindProject(ctx, name)
		return map[int64]string{p.ID: p.Name}, err
	}
	list, err := s.ListProjects(ctx)
	names := make(map[int64]string, len(list))
	for _, p := range list {
		names[p.ID] = p.Name
	}
	return names, err
}

// subscriptionID is what the commands about one subscription take.
type subscriptionID struct {
	config.Book
	ID   string `arg:"" name:"id" help:"The subscription's id, as subscription list shows it."`
	JSON bool   `help:"Print one JSON object."`
}

// printDone tells that something was done to a subscription.
func (c *subscriptionID) printDone(std streams, state string) error {
	if c.JSON {
		return printJSON(std.out, struct {
			ID    string `json:"id"`
			State string `json:"state"`
		}{c.ID, state})
	}
	_, err := fmt.Fprintf(std.out, "Subscription %s is %s.\n", c.ID, state)
	return err
}

type subscriptionDelete struct{ subscriptionID }

// Run deletes the subscription.
func (c *subscriptionDelete) Run(ctx context.Context, std streams) error {
	return onSubscription(ctx, c.Book, c.ID, func(hooks *webhook.Service, s clientele.Subscription) error {
		if err := hooks.Delete(ctx, s.ProjectID, s.ID); err != nil {
			return err
		}
		return c.printDone(std, "deleted")
	})
}

type subscriptionEnable struct{ subscriptionID }

// Run enables the subscription.
func (c *subscriptionEnable) Run(ctx context.Context, std streams) error {
	return onSubscription(ctx, c.Book, c.ID, func(hooks *webhook.Service, s clientele.Subscription) error {
		if err := hooks.Enable(ctx, s.ProjectID, s.ID); err != nil {
			return err
		}
		return c.printDone(std, "active")
	})
}

type subscriptionDisable struct{ subscriptionID }

// Run disables the subscription.
func (c *subscriptionDisable) Run(ctx context.Context, std streams) error {
	return onSubscription(ctx, c.Book, c.ID, func(hooks *webhook.Service, s clientele.Subscription) error {
		if err := hooks.Disable(ctx, s.ProjectID, s.ID, "disabled by command"); err != nil {
			return err
		}
		return c.printDone(std, "disabled")
	})
}

type subscriptionRotate struct {
	subscriptionID
	Overlap time.Duration `help:"How long the old secret signs as well (default ${default})." default:"24h" placeholder:"TIME"`
}

// Run gives the subscription a new signing secret.
func (c *subscriptionRotate) Run(ctx context.Context, std streams) error {
	return onSubscription(ctx, c.Book, c.ID, func(hooks *webhook.Service, s clientele.Subscription) error {
		secret, err := hooks.Rotate(ctx, s, c.Overlap)
		if err != nil {
			return err
		}
		return showOnce(std.out, func(w io.Writer) error {
			if c.JSON {
				return printJSON(w, struct {
					ID            string `json:"id"`
					SigningSecret string `json:"signingSecret"`
				}{s.ID, secret})
			}
			_, err := fmt.Fprintf(w, "Subscription %s:\n\n  signing secret: %s\n\nHand it over now: it is shown this once.\n", s.ID, secret)
			return err
		}, newSigningSecret(s.ID))
	})
}

type subscriptionTest struct {
	subscriptionID
	AllowLoopbackHTTP bool `help:"Allow http:// to this machine itself, for development." name:"allow-loopback-http"`
}

// Run sends an event once. It fails when the receiver does not take it.
func (c *subscriptionTest) Run(ctx context.Context, std streams) error {
	options := webhook.ClientOptions{AllowLoopbackHTTP: c.AllowLoopbackHTTP}
	return withEvents(ctx, c.Book, options, func(_ store, hooks *webhook.Service) error {
		s, err := findSubscription(ctx, hooks, c.ID)
		if err != nil {
			return err
		}
		a, err := hooks.Test(ctx, s.ProjectID, s.ID)
		if err != nil {
			return err
		}
		o := attemptOutput(&a)
		if c.JSON {
			err = printJSON(std.out, o)
		} else {
			_, err = fmt.Fprintf(std.out, "%s, status %d, %d ms\n", o.Outcome, o.StatusCode, o.Milliseconds)
		}
		if err == nil && a.StatusCode/100 != 2 {
			return fmt.Errorf("the receiver did not take the event")
		}
		return err
	})
}
