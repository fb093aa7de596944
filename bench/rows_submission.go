//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	dialectDKHardware = "dkhardware"

	pathCreate = "/v1/customer/create"
	pathStatus = "/v1/customer/status"

	statusSucceeded = "Succeeded"
	statusFailed    = "Failed"
)

// sustainedFactor is how many times longer than others the row of submissions is measured: a minute by default.
const sustainedFactor = 6

// submissionBody is the example of the DKHardware document (section "Create customer") with made-up values.
const submissionBody = `{"firstName":"Some","lastName":"Person{tel}","email":"c{seq}@example.com","company":"","phone":"14562356",` +
	`"altPhone":null,"fax":null,"addresses":[{"firstName":"Some","lastName":"Person","zip":"80911","country":"United States",` +
	`"state":"CO","city":"Colorado Springs","address1":"55 Some St","address2":null,"company":null,"phone":"56235776",` +
	`"altPhone":null,"fax":null,"isDefaultBilling":true,"isDefaultShipping":true}]}`

// submission is a customer with one address, created later.
func submission() workload {
	return workload{
		name: "POST " + pathCreate, dialect: dialectDKHardware, method: "POST", path: pathCreate,
		headers: dkhardwareHeaders(), body: submissionBody, decodes: bodySubmission, wantStatus: 200, fit: fetchToken,
	}
}

func dkhardwareHeaders() []string {
	return []string{"Authorization: Bearer {token}", "Content-Type: application/json"}
}

// submissionRows measure how submissions are accepted, whether carrying them out keeps pace, and how long one alone takes.
func submissionRows(b *bench) []row {
	w := submission()
	l := load{
		workload: w, connections: dialectConnections, carried: true, seconds: sustainedFactor * b.options.seconds,
	}
	r := b.besideEntryRow(fmt.Sprintf("%s, %d connections", w.name, l.connections), l, submissionShare)
	r.checks = append(r.checks, check{
		of: quantity{r.name, nameSQLite, carried}, base: quantity{r.name, nameSQLite, rate}, baseName: "accepted",
		atLeast: carriedShare,
	})
	alone := row{name: w.name + " to " + statusSucceeded + ", 1 connection", workload: &w}
	alone.entrants = []entrant{{name: nameSQLite, measure: func(ctx context.Context) (sample, error) {
		return b.measureFollow(ctx, clienteleSQLite{b}, w)
	}}}
	alone.checks = []check{{of: quantity{alone.name, nameSQLite, median}, base: oneCommit, baseName: nameOneCommit}}
	return []row{r, alone}
}

// fetchToken trades the client's secret for an access token.
func fetchToken(ctx context.Context, s *server) error {
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {s.credentials["client_id"]},
		"client_secret": {s.credentials["client_secret"]},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.child.address+"/oauth/token",
		strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		Token string `json:"access_token"`
	}
	if _, err := fetch(request, &answer); err != nil {
		return fmt.Errorf("fetch token: %w", err)
	}
	s.credentials["token"] = answer.Token
	return nil
}

// fetch sends a request and reads the JSON of its answer, which must have status 200.
func fetch(request *http.Request, output any) (http.Header, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d: %.300s", response.StatusCode, body)
	}
	return response.Header, json.Unmarshal(body, output)
}

// listPage is a page of customers.
type listPage struct {
	Payload []listCustomer `json:"payload"`
}

// fetchPage asks a DKHardware server for a page of its list.
func fetchPage(ctx context.Context, s *server, query string) (listPage, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.child.address+"/v1/customer?"+query, nil)
	if err != nil {
		return listPage{}, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.credentials["token"])
	var page listPage
	header, err := fetch(request, &page)
	if err != nil {
		return listPage{}, nil, fmt.Errorf("list customers: %w", err)
	}
	return page, header, nil
}

const (
	awaitPause = 20 * time.Millisecond // between two looks whether all is carried out
	awaitLimit = 10 * time.Minute      // for all that was accepted to be carried out
)

// awaitCustomers waits until the book lists so many customers.
func awaitCustomers(ctx context.Context, s *server, count int64) error {
	ctx, cancel := context.WithTimeout(ctx, awaitLimit)
	defer cancel()
	for {
		page, _, err := fetchPage(ctx, s, fmt.Sprintf("limit=1&offset=%d", count-1))
		if err != nil || len(page.Payload) > 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("there are not %d customers yet: %w", count, ctx.Err())
		case <-time.After(awaitPause):
		}
	}
}
