package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"clientele"
	"clientele/internal/book"
)

// customerBook changes customers by the rules of the book. *book.Book is one.
type customerBook interface {
	EditCustomer(ctx context.Context, call book.Call, e book.Edit) (book.Edited, error)
}

// customerEditPage is the form of a customer.
type customerEditPage struct {
	ID      int64
	Name    string
	Version int64
	Fields  []customerInput
	// Notice tells why the form is back.
	Notice string
	// OtherID is the customer that has the key that was typed; 0 for none.
	OtherID int64
}

// customerInput is one field of the form.
type customerInput struct {
	Field clientele.Field
	input
	// Was is the value that the operator saw; it tells what they changed.
	Was string
}

// wasPrefix goes before a field's name in the form, for the value that the operator saw.
const wasPrefix = "was-"

func (c *Console) showCustomerForm(r *request) (answer, error) {
	customer, err := c.customer(r)
	if err != nil {
		return answer{}, err
	}
	return editAnswer(r, customerForm(&customer)), nil
}

func editAnswer(r *request, p customerEditPage) answer {
	return view("Edit "+p.Name, customerEditView(r, p))
}

// customerForm is the form with what the customer has.
func customerForm(c *clientele.Customer) customerEditPage {
	p := customerEditPage{ID: c.ID, Name: customerName(c), Version: c.Version}
	for f := range clientele.AllFields.All {
		i := customerInput{Field: f, Was: inOneLine(c.Of(f).V), input: input{
			Name: f.String(), Label: fieldLabel(f.String()), Value: inOneLine(c.Of(f).V), MaxLength: book.MaxFieldRunes, Autocomplete: "off",
		}}
		if f == clientele.FieldType {
			i.Choices, i.MaxLength = customerTypeChoices(c.Type.V), 0
		}
		p.Fields = append(p.Fields, i)
	}
	return p
}

// customerTypeChoices are the types of customers as a selection, with what is there, whatever it is.
func customerTypeChoices(present string) []choice {
	list := []choice{{"", "not stated"}}
	known := present == ""
	for _, t := range book.CustomerTypes() {
		list = append(list, choice{t, t})
		known = known || t == present
	}
	if !known {
		list = append(list, choice{present, present})
	}
	return list
}

// inOneLine returns a text as an input of a page gives it back, which has one line.
func inOneLine(s string) string {
	return strings.NewReplacer("\r\n", "", "\r", "", "\n", "").Replace(s)
}

// readForm returns the form as it was sent, and what the operator changed.
func (c *Console) readForm(r *request, customer *clientele.Customer) (customerEditPage, book.Edit) {
	p := customerForm(customer)
	p.Version, _ = strconv.ParseInt(r.PostFormValue("version"), 10, 64) // 0, which is refused, for none
	e := book.Edit{CustomerID: customer.ID, Version: p.Version}
	for i := range p.Fields {
		f := &p.Fields[i]
		f.Value, f.Was = inOneLine(r.PostFormValue(f.Name)), inOneLine(r.PostFormValue(wasPrefix+f.Name))
		if f.Value != f.Was {
			e.Set |= clientele.FieldsOf(f.Field)
			*e.Of(f.Field) = clientele.NonEmpty(f.Value)
		}
	}
	return p, e
}

func (c *Console) saveCustomer(r *request) (answer, error) {
	customer, err := c.customer(r)
	if err != nil {
		return answer{}, err
	}
	p, e := c.readForm(r, &customer)
	if e.Version < 1 {
		return answer{}, clientele.Errorf(clientele.KindInvalid, "The form says nothing of the customer's version")
	}
	if err := e.Check(); err != nil {
		p.refuse(err)
		return editAnswer(r, p).withStatus(http.StatusUnprocessableEntity), nil
	}
	if e.Set == 0 {
		r.flash("Nothing was changed.")
		return seeOther(customerURL(r, customer.ID)), nil
	}
	if err := r.audit("customer.edit", fmt.Sprintf("customer %d", customer.ID)); err != nil {
		return answer{}, err
	}
	done, err := c.Book.EditCustomer(r.Context(), book.Call{ProjectID: r.Project.ID, Origin: r.origin()}, e)
	if err != nil {
		return answer{}, err
	}
	return c.edited(r, p, done)
}

// edited answers by what became of the edit.
func (c *Console) edited(r *request, p customerEditPage, done book.Edited) (answer, error) {
	switch done.Result {
	case clientele.Updated:
		r.flash("The customer was saved.")
		return seeOther(customerURL(r, p.ID)), nil
	case clientele.Unchanged:
		r.flash("Nothing was changed.")
		return seeOther(customerURL(r, p.ID)), nil
	case clientele.VersionChanged:
		return editAnswer(r, p.again(done.Existing)).withStatus(http.StatusConflict), nil
	case clientele.ExternalIDTaken:
		p.taken(clientele.FieldExternalID, done.Existing)
	case clientele.ExternalNumberTaken:
		p.taken(clientele.FieldExternalNumber, done.Existing)
	case clientele.Missing:
		return answer{}, clientele.Errorf(clientele.KindNotFound, "The customer is gone")
	default:
		return answer{}, fmt.Errorf("an edit ended in %s", done.Result)
	}
	return editAnswer(r, p).withStatus(http.StatusUnprocessableEntity), nil
}

// refuse puts what is wrong beside its fields.
func (p *customerEditPage) refuse(err error) {
	p.Notice = "Nothing was saved yet: see what is marked below."
	faults := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		faults = joined.Unwrap()
	}
	for _, fault := range faults {
		var e *clientele.Error
		if !errors.As(fault, &e) {
			continue
		}
		for i := range p.Fields {
			if p.Fields[i].Name == e.Field {
				p.Fields[i].Problem = e.Message
			}
		}
	}
}

// taken marks a key that belongs to another customer.
func (p *customerEditPage) taken(f clientele.Field, by *clientele.Customer) {
	p.Notice = "Nothing was saved yet: see what is marked below."
	if by != nil {
		p.OtherID = by.ID
	}
	for i := range p.Fields {
		if p.Fields[i].Field == f {
			p.Fields[i].Problem = "Another customer of the project has it."
		}
	}
}

// again is the form after somebody else was faster: what the operator did not touch has its new value, and beside what both
// changed stands what the book has now. Saving it again takes the operator's.
func (p customerEditPage) again(now *clientele.Customer) customerEditPage {
	fresh := customerForm(now)
	fresh.Notice = "Somebody else changed this customer meanwhile, so nothing was saved yet. The form has the new values where you changed nothing; look at the rest and save again."
	for i := range fresh.Fields {
		f, typed := &fresh.Fields[i], &p.Fields[i]
		if typed.Value == typed.Was {
			continue
		}
		f.Value = typed.Value
		if f.Was != typed.Was && f.Was != typed.Value {
			f.Problem = "It was changed meanwhile. Now it is: " + orEmpty(f.Was)
		}
	}
	return fresh
}

func orEmpty(s string) string {
	if s == "" {
		return "(nothing)"
	}
	return s
}
