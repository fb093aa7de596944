//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"clientele"
	"clientele/internal/sqlite"
	"clientele/internal/webhook"
)

const (
	rowDelivery    = "webhook deliveries"
	nameGoClient   = "Go client"
	commandReceive = "serve-receiver"
	commandPost    = "post"

	// receivers are subscriptions of one project: each is sent one event at a time, of 500 customers at most.
	receivers      = 128
	customersEvent = 500
	deliveries     = receivers * 150
	deliveryLimit  = 2 * time.Minute
)

// deliveryRows measure how fast events go to a receiver on this machine that answers at once, beside the same HTTP client that
// posts the longest of them from memory.
func deliveryRows(b *bench) []row {
	var last received
	r := row{name: rowDelivery, slow: true, entrants: []entrant{
		{name: nameSQLite, prepare: b.build, measure: func(ctx context.Context) (s sample, err error) {
			s, last, err = b.measureDeliveries(ctx)
			return s, err
		}},
		{name: nameGoClient, measure: func(ctx context.Context) (sample, error) { return b.measurePosts(ctx, last) }},
	}}
	r.checks = []check{{
		of: quantity{r.name, nameSQLite, rate}, base: quantity{r.name, nameGoClient, rate}, baseName: nameGoClient, atLeast: deliveryShare,
	}}
	return []row{r}
}

// measureDeliveries makes a book with a backlog of events, starts the server on it and waits until all have arrived.
func (b *bench) measureDeliveries(ctx context.Context) (s sample, got received, err error) {
	dir, err := os.MkdirTemp(b.dir, "deliveries-")
	if err != nil {
		return s, got, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	to, err := startChild(ctx, b.self, commandReceive)
	if err != nil {
		return s, got, err
	}
	defer func() { err = errors.Join(err, to.stop()) }()
	credentials, err := b.createProject(ctx, inDirectory(dir), entryCreate().dialect)
	if err != nil {
		return s, got, err
	}
	if err := subscribe(ctx, dir, "http://"+to.address+"/events"); err != nil {
		return s, got, err
	}
	if err := b.load(ctx, inDirectory(dir), deliveries/receivers*customersEvent, customerColumns, customerLine); err != nil {
		return s, got, err
	}
	if err := b.follow(ctx, dir); err != nil { // as with a full book: it would share the processor with the deliveries
		return s, got, err
	}
	from, err := b.serve(ctx, append(inDirectory(dir), "--allow-loopback-http"), credentials)
	if err != nil {
		return s, got, err
	}
	defer func() { err = errors.Join(err, from.stop()) }()
	processor := meter{server: from.child.command.Process.Pid, receiver: to.command.Process.Pid}
	if err := processor.start(0); err != nil {
		return s, got, err
	}
	began := time.Now()
	got, err = awaitReceived(ctx, to, deliveries)
	if err := errors.Join(err, processor.stop(int64(time.Since(began)))); err != nil {
		return s, got, err
	}
	s.Closed = result{
		Sent: got.Count, Counted: got.Count, Seconds: got.Seconds, Rate: float64(got.Count) / got.Seconds, RSS: processor.rss,
		ServerCPU: processor.used.server, OtherCPU: processor.used.others(),
	}
	return s, got, nil
}

// subscribe makes the subscriptions of the project.
func subscribe(ctx context.Context, dir, url string) (err error) {
	s, err := sqlite.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	project, err := s.FindProject(ctx, "bench")
	if err != nil {
		return err
	}
	hooks := webhook.New(s, webhook.Options{Client: webhook.ClientOptions{AllowLoopbackHTTP: true}})
	for i := range receivers {
		_, err = hooks.Create(ctx, clientele.SubscriptionOrder{
			ProjectID: project.ID, EventType: clientele.CustomerChanged, URL: fmt.Sprintf("%s/%d", url, i), RequestTimeout: time.Minute,
		})
		if err != nil {
			break
		}
	}
	return errors.Join(err, hooks.Stop(ctx))
}

func awaitReceived(ctx context.Context, to *child, count int64) (got received, err error) {
	ctx, cancel := context.WithTimeout(ctx, deliveryLimit)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+to.address+"/received", nil)
		if err != nil {
			return got, err
		}
		if _, err := fetch(request, &got); err != nil || got.Count >= count {
			return got, err
		}
		select {
		case <-ctx.Done():
			return got, fmt.Errorf("%d of %d deliveries came: %w", got.Count, count, ctx.Err())
		case <-time.After(awaitPause):
		}
	}
}

// postJob lets a process post a body again and again.
type postJob struct {
	URL     string  `json:"url"`
	Body    string  `json:"body"`
	AtOnce  int     `json:"at_once"`
	Seconds float64 `json:"seconds"`
	// ReceiverPID is the process that takes them.
	ReceiverPID int `json:"receiver_pid"`
}

func (b *bench) measurePosts(ctx context.Context, last received) (s sample, err error) {
	to, err := startChild(ctx, b.self, commandReceive)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, to.stop()) }()
	j := postJob{
		URL: "http://" + to.address + "/events", Body: last.Body, AtOnce: receivers, Seconds: b.options.seconds / 2,
		ReceiverPID: to.command.Process.Pid,
	}
	err = runJSON(ctx, &s.Closed, j, b.self, commandPost)
	return s, err
}

// runPosts posts with a client like the one that sends events.
func runPosts(ctx context.Context, j postJob) (result, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: j.AtOnce}}
	defer client.CloseIdleConnections()
	timings, errs := make([]*stopwatch, j.AtOnce), make([]error, j.AtOnce)
	processor := meter{receiver: j.ReceiverPID}
	if err := processor.start(0); err != nil {
		return result{}, err
	}
	began := time.Now()
	var all sync.WaitGroup
	for i := range j.AtOnce {
		timings[i] = newStopwatch(0, j.Seconds)
		all.Go(func() {
			for timings[i].running() && errs[i] == nil {
				at := time.Now()
				errs[i] = postOnce(ctx, client, j)
				timings[i].lap(at, 1)
			}
		})
	}
	all.Wait()
	errs = append(errs, processor.stop(int64(time.Since(began))))
	for _, other := range timings[1:] {
		timings[0].add(other)
	}
	r, err := timings[0].result()
	r.ServerCPU, r.OtherCPU = processor.used.own, processor.used.others()
	return r, errors.Join(append(errs, err)...)
}

func postOnce(ctx context.Context, client *http.Client, j postJob) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, j.URL, bytes.NewReader([]byte(j.Body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("a post is answered %s", response.Status)
	}
	return errors.Join(err, response.Body.Close())
}
