//go:build linux

package main

import (
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Names of the bodies that the bare server knows.
const (
	bodyEntry      = "entry"
	bodyRegister   = "register"
	bodySubmission = "submission"
)

// bareBodies decode a body into the properties that its document names, and see that the least is there.
var bareBodies = map[string]func(io.Reader) bool{
	bodyEntry: func(body io.Reader) bool {
		var b bareEntry
		return json.UnmarshalRead(body, &b) == nil && len(b.ID) > 0 && b.Email+b.Phone != ""
	},
	bodyRegister: func(body io.Reader) bool {
		var b bareRegister
		return json.UnmarshalRead(body, &b) == nil && len(b.ID) > 0 && b.Number != "" && b.Address.City != ""
	},
	bodySubmission: func(body io.Reader) bool {
		var b bareSubmission
		return json.UnmarshalRead(body, &b) == nil && b.Email != "" && len(b.Addresses) > 0
	},
}

// bareEntry is the OPM entry as the document names its properties (section "Creating a customer").
type bareEntry struct {
	ID        jsontext.Value `json:"customerId"`
	Email     string         `json:"customerEmail"`
	Phone     string         `json:"customerPhone"`
	FirstName string         `json:"customerFirstName"`
	LastName  string         `json:"customerLastName"`
	IP        string         `json:"customerIP"`
}

// bareRegister is the Onlinewerkrooster customer (section "POST api/customers").
type bareRegister struct {
	ID         jsontext.Value `json:"extCustomerId"`
	Number     string         `json:"extCustomerNumber"`
	Enterprise string         `json:"enterpriseNumber"`
	Name       string         `json:"name"`
	Address    struct {
		Street  string `json:"street"`
		Number  string `json:"streetNumber"`
		City    string `json:"city"`
		Postal  string `json:"postalCode"`
		Country string `json:"country"`
	} `json:"address"`
}

// bareSubmission is the DKHardware customer to be created (section "Create customer").
type bareSubmission struct {
	FirstName string        `json:"firstName"`
	LastName  string        `json:"lastName"`
	Email     string        `json:"email"`
	Company   *string       `json:"company"`
	Phone     *string       `json:"phone"`
	AltPhone  *string       `json:"altPhone"`
	Fax       *string       `json:"fax"`
	Addresses []bareAddress `json:"addresses"`
}

// bareAddress is an address of it.
type bareAddress struct {
	FirstName string  `json:"firstName"`
	LastName  string  `json:"lastName"`
	Zip       string  `json:"zip"`
	Country   string  `json:"country"`
	State     string  `json:"state"`
	City      string  `json:"city"`
	Line1     string  `json:"address1"`
	Line2     *string `json:"address2"`
	Company   *string `json:"company"`
	Phone     *string `json:"phone"`
	AltPhone  *string `json:"altPhone"`
	Fax       *string `json:"fax"`
	Billing   bool    `json:"isDefaultBilling"`
	Shipping  bool    `json:"isDefaultShipping"`
}
