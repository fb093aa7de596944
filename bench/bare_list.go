//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// listCustomer is a DKHardware customer with its properties in the document's order (section "Get customers").
type listCustomer struct {
	ID        string        `json:"customerId"`
	CreatedAt listTime      `json:"createdAt"`
	UpdatedAt listTime      `json:"updatedAt"`
	FirstName *string       `json:"firstName"`
	LastName  *string       `json:"lastName"`
	Email     *string       `json:"email"`
	Company   *string       `json:"company"`
	Phone     *string       `json:"phone"`
	AltPhone  *string       `json:"altPhone"`
	Fax       *string       `json:"fax"`
	Type      *string       `json:"customerType"`
	Addresses []listAddress `json:"addresses"`
}

// listAddress is an address of it.
type listAddress struct {
	ID         string   `json:"addressId"`
	CustomerID string   `json:"customerId"`
	FirstName  *string  `json:"firstName"`
	LastName   *string  `json:"lastName"`
	Zip        *string  `json:"zip"`
	Country    *string  `json:"country"`
	State      *string  `json:"state"`
	City       *string  `json:"city"`
	Line1      *string  `json:"address1"`
	Line2      *string  `json:"address2"`
	Company    *string  `json:"company"`
	Phone      *string  `json:"phone"`
	AltPhone   *string  `json:"altPhone"`
	Fax        *string  `json:"fax"`
	Billing    bool     `json:"isDefaultBilling"`
	Shipping   bool     `json:"isDefaultShipping"`
	CreatedAt  listTime `json:"createdAt"`
	UpdatedAt  listTime `json:"updatedAt"`
}

// listTime is a date in the document's form.
type listTime time.Time

const listTimeLayout = "2006-01-02T15:04:05"

// AppendText implements encoding.TextAppender.
func (t listTime) AppendText(b []byte) ([]byte, error) {
	return time.Time(t).AppendFormat(b, listTimeLayout), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *listTime) UnmarshalText(text []byte) error {
	at, err := time.Parse(listTimeLayout, string(text))
	*t = listTime(at)
	return err
}

// serveBareList is the ceiling of the lists: it holds the customers of one page, read from a file, in memory, encodes
// them anew for each request and looks at nothing else. It prints its URL and ends like serveBare.
func serveBareList(file string, stdin io.Reader, stdout io.Writer) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	var page listPage
	if err := json.Unmarshal(text, &page); err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	if again, err := json.Marshal(page); err != nil || string(again) != string(text) {
		return errors.Join(errors.New("the page comes out other than it went in"), err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v1/customer", func(w http.ResponseWriter, _ *http.Request) {
		body, err := json.Marshal(page)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header()["Content-Type"] = []string{"application/json; charset=utf-8"}
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
		_, _ = w.Write(body) // a caller that went away is the generator's business
	})
	return serveUntilEnd(mux, stdin, stdout)
}
