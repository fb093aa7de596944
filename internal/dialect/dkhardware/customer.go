package dkhardware

import (
	"strconv"
	"time"

	"clientele"
	"clientele/internal/dialect"

	"github.com/go-chi/chi/v5"
)

// show answers GET /v1/customer/{customerId}.
func (a *API) show(r *dialect.Request) (dialect.Answer, error) {
	id := readID(chi.URLParam(r.Request, "customerId"))
	if id == 0 {
		return dialect.Answer{}, clientele.Errorf(clientele.KindNotFound, "no such customer")
	}
	c, err := a.shelf.FindCustomer(r.Context(), r.Call.ProjectID, id)
	if err != nil {
		return dialect.Answer{}, err
	}
	b := appendCustomer([]byte(`{"payload":`), &c)
	return dialect.Answer{Body: append(b, '}')}, nil
}

// readID reads an id as we write it, decimal digits that do not begin with 0; any other text is 0, which names nothing.
func readID(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 || strconv.FormatInt(id, 10) != text {
		return 0
	}
	return id
}

// appendCustomer appends a customer: the properties of the document's example in its order, with customerType before
// addresses (rulings, Reading).
func appendCustomer(b []byte, c *clientele.Customer) []byte {
	b = appendID(append(b, `{"customerId":`...), c.ID)
	b = appendTime(append(b, `,"createdAt":`...), c.CreatedAt)
	b = appendTime(append(b, `,"updatedAt":`...), c.UpdatedAt)
	b = c.FirstName.AppendJSON(append(b, `,"firstName":`...))
	b = c.LastName.AppendJSON(append(b, `,"lastName":`...))
	b = c.Email.AppendJSON(append(b, `,"email":`...))
	b = c.Company.AppendJSON(append(b, `,"company":`...))
	b = c.Phone.AppendJSON(append(b, `,"phone":`...))
	b = c.AltPhone.AppendJSON(append(b, `,"altPhone":`...))
	b = c.Fax.AppendJSON(append(b, `,"fax":`...))
	b = c.Type.AppendJSON(append(b, `,"customerType":`...))
	b = append(b, `,"addresses":[`...)
	for i := range c.Addresses {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendAddress(b, c.ID, &c.Addresses[i])
	}
	return append(b, ']', '}')
}

// appendAddress appends an address: the properties of the document's example in its order, then createdAt and updatedAt,
// which its contract requires.
func appendAddress(b []byte, customer int64, a *clientele.Address) []byte {
	b = appendID(append(b, `{"addressId":`...), a.ID)
	b = appendID(append(b, `,"customerId":`...), customer)
	b = a.FirstName.AppendJSON(append(b, `,"firstName":`...))
	b = a.LastName.AppendJSON(append(b, `,"lastName":`...))
	b = a.PostalCode.AppendJSON(append(b, `,"zip":`...))
	b = a.Country.AppendJSON(append(b, `,"country":`...))
	b = a.State.AppendJSON(append(b, `,"state":`...))
	b = a.City.AppendJSON(append(b, `,"city":`...))
	b = line1(a).AppendJSON(append(b, `,"address1":`...))
	b = a.Line2.AppendJSON(append(b, `,"address2":`...))
	b = a.Company.AppendJSON(append(b, `,"company":`...))
	b = a.Phone.AppendJSON(append(b, `,"phone":`...))
	b = a.AltPhone.AppendJSON(append(b, `,"altPhone":`...))
	b = a.Fax.AppendJSON(append(b, `,"fax":`...))
	b = strconv.AppendBool(append(b, `,"isDefaultBilling":`...), a.IsDefaultBilling)
	b = strconv.AppendBool(append(b, `,"isDefaultShipping":`...), a.IsDefaultShipping)
	b = appendTime(append(b, `,"createdAt":`...), a.CreatedAt)
	b = appendTime(append(b, `,"updatedAt":`...), a.UpdatedAt)
	return append(b, '}')
}

// line1 returns the first line of an address; of one that came in parts through another dialect, street and number.
func line1(a *clientele.Address) clientele.Text {
	switch {
	case a.Line1.Valid || a.Street.IsEmpty():
		return a.Line1
	case a.StreetNumber.IsEmpty():
		return a.Street
	default:
		return clientele.Some(a.Street.V + " " + a.StreetNumber.V)
	}
}

// appendID appends an id as a string: a number only the status has it.
func appendID(b []byte, id int64) []byte {
	return append(strconv.AppendInt(append(b, '"'), id, 10), '"')
}

// appendTime appends a date in the document's form: UTC, whole seconds, no zone. That is RFC 3339 but for the Z at its end, which
// the library writes in a third of the time of any other layout.
func appendTime(b []byte, t time.Time) []byte {
	b = t.UTC().AppendFormat(append(b, '"'), time.RFC3339)
	b[len(b)-1] = '"'
	return b
}
