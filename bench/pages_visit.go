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

// pagePaths are the pages that are measured, below /console.
func pagePaths() []string {
	return []string{
		"/", "/operators", "/audit", "/account/password",
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
	var list []pageTimes
	for _, path := range pagePaths() {
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
