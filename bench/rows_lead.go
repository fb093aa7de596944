//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

const dialectPrimeLead = "primelead"

// click is a visitor on an advertiser's link; each makes a lead.
func click() workload {
	return workload{
		name: "GET /click", dialect: dialectPrimeLead, method: "GET",
		path:    "/click/{campaign}/{publisher}?sub1=newsletter&sub2={seq}",
		headers: []string{"User-Agent: Mozilla/5.0 (made up)"}, wantStatus: 302,
	}
}

// postback reports a contract on one of poolSize leads in turn, each time with another value, so that each changes the
// lead.
func postback() workload {
	w := workload{
		name: "GET /postback", dialect: dialectPrimeLead, method: "GET",
		path:       "/api/v1/postback/contract/{uuid}?customer_type=new&contract_net_value={seq}",
		wantStatus: 200,
	}
	w.fit = func(ctx context.Context, s *server) (err error) {
		s.values, err = clickTimes(ctx, s, poolSize)
		return err
	}
	return w
}

// leadRows measure the Prime Lead calls that are sent most.
func leadRows(b *bench) []row {
	var rows []row
	for _, w := range []workload{click(), postback()} {
		l := load{workload: w, connections: dialectConnections, halfLoad: true}
		rows = append(rows, b.besideEntryRow(fmt.Sprintf("%s, %d connections", w.name, l.connections), l, dialectShare))
	}
	return rows
}

// clickers is how many clicks are under way at once while leads are made for a pool.
const clickers = 32

// clickTimes makes leads and returns their UUIDs.
func clickTimes(ctx context.Context, s *server, count int) ([]string, error) {
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: clickers},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	link := fmt.Sprintf("http://%s/click/%s/%s", s.child.address, s.credentials["campaign"], s.credentials["publisher"])
	values, errs := make([]string, count), make([]error, clickers)
	var all sync.WaitGroup
	for c := range clickers {
		all.Go(func() {
			for i := c; i < count && errs[c] == nil; i += clickers {
				values[i], errs[c] = clickOnce(ctx, client, link)
			}
		})
	}
	all.Wait()
	return values, errors.Join(errs...)
}

// clickOnce returns the UUID that the landing page is given.
func clickOnce(ctx context.Context, client *http.Client, link string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	if err := response.Body.Close(); err != nil {
		return "", err
	}
	landing, err := url.Parse(response.Header.Get("Location"))
	if err != nil {
		return "", err
	}
	lead := landing.Query().Get("utm_action")
	if response.StatusCode != http.StatusFound || len(strings.TrimSpace(lead)) != uuidLength {
		return "", fmt.Errorf("click: status %d, no lead in the address", response.StatusCode)
	}
	return lead, nil
}
