//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// pagePaths are the pages that are measured, below /console, of a book with so many customers and leads: lists, searches that
// find much, little and nothing, filters, single records, and everything around them.
func pagePaths(o pageOptions) []string {
	of := func(path string, values ...any) string { return "/p/1" + fmt.Sprintf(path, values...) }
	return []string{
		"/",
		"/?range=day",
		"/?range=week",
		"/inbox",
		of("/customers"),
		of("/customers?q=ada+archer"),
		of("/customers?q=zimmermann"),
		of("/customers?q=nobody-is-called-so"),
		of("/customers?q=customer%d@example.com", o.customers/2),
		of("/customers?q=%%2B1212555"),
		of("/customers?q=c-%08d", o.customers/3),
		of("/customers?source=opm&from=2026-01-01&to=2026-03-31"),
		of("/customers?source=dkhardware"),
		of("/customers?q=zimmermann&source=dkhardware"),
		of("/customers/%d", o.customers/2),
		of("/customers/%d/edit", o.customers/2),
		of("/leads"),
		of("/leads?stage=contract"),
		of("/leads?campaign=3&publisher=3&stage=contract_canceled"),
		of("/leads?range=30d"),
		of("/leads/%d", o.leads/2),
		of("/funnel"),
		of("/funnel?range=all"),
		of("/funnel?range=30d"),
		of("/campaigns"),
		of("/campaigns/1"),
		of("/submissions"),
		of("/subscriptions"),
		of("/deliveries"),
		"/projects",
		"/keys",
		"/publishers",
		"/operators",
		"/audit",
		"/account/password",
	}
}

// measurePages fills a book, serves it and visits every page.
func (b *bench) measurePages(ctx context.Context, s pageStore, o pageOptions) (_ []pageTimes, err error) {
	store, at, err := b.newPageBook(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(b.fillPages(ctx, store, o), store.Close()); err != nil {
		return nil, err
	}
	// The customers came with the key of id 1: the one that is issued first.
	if err := b.command(ctx, at, &struct{}{}, "key", "issue", "--project", "bench", "--dialect", "opm", "--name", "bench"); err != nil {
		return nil, err
	}
	var operator struct {
		Password string `json:"password"`
	}
	if err := b.command(ctx, at, &operator, "operator", "create", "owner@example.com", "--role", "owner"); err != nil {
		return nil, err
	}
	server, err := b.serve(ctx, at, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	v, err := newVisitor("http://" + server.child.address + "/console")
	if err != nil {
		return nil, err
	}
	if err := v.logIn(ctx, "owner@example.com", operator.Password); err != nil {
		return nil, err
	}
	if err := v.awaitCounts(ctx); err != nil {
		return nil, err
	}
	b.say("visiting the pages")
	var list []pageTimes
	for _, path := range pagePaths(o) {
		times, err := v.visit(ctx, path, o.visits)
		if err != nil {
			return nil, err
		}
		list = append(list, times)
	}
	return list, nil
}

// visitor is somebody with a browser.
type visitor struct {
	client  *http.Client
	console string
}

func newVisitor(console string) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	return &visitor{&http.Client{Jar: jar, Timeout: time.Minute}, console}, err
}

// logIn logs in with a one-time password and changes it.
func (v *visitor) logIn(ctx context.Context, email, password string) error {
	const own = "a bench in the park"
	err := v.post(ctx, "/login", url.Values{"email": {email}, "password": {password}})
	return errors.Join(err, v.post(ctx, "/account/password", url.Values{"old": {password}, "new": {own}, "repeat": {own}}))
}

// awaitCounts waits until the leads are counted: a server that starts on a book for the first time has to do that.
func (v *visitor) awaitCounts(ctx context.Context) error {
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.console+"/p/1/funnel", nil)
		if err != nil {
			return err
		}
		body, err := v.do(r)
		if err != nil || !strings.Contains(string(body), "counted for the first time") && !strings.Contains(string(body), "Counted up to") {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return errors.New("the leads are still not counted")
}

func (v *visitor) post(ctx context.Context, path string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.console+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err = v.do(r)
	return err
}

// visit asks for a page so many times, after one that is not counted.
func (v *visitor) visit(ctx context.Context, path string, times int) (pageTimes, error) {
	p := pageTimes{path: path}
	for i := range times + 1 {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.console+path, nil)
		if err != nil {
			return p, err
		}
		start := time.Now()
		body, err := v.do(r)
		if err != nil {
			return p, err
		}
		if p.bytes = len(body); i > 0 {
			p.took = append(p.took, time.Since(start))
		}
	}
	return p, nil
}

// do sends a request; any status but 200, after redirects, is an error, as is the login instead of the page.
func (v *visitor) do(r *http.Request) ([]byte, error) {
	answer, err := v.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK || strings.Contains(answer.Request.URL.Path, "/login") {
		return nil, fmt.Errorf("%s %s: status %d at %s", r.Method, r.URL.Path, answer.StatusCode, answer.Request.URL.Path)
	}
	return body, nil
}
