package console

import (
	"strconv"
	"strings"
	"time"

	"clientele"

	"github.com/a-h/templ"
)

// input is one labelled field of a form.
type input struct {
	// Name is the form's name of the value; its element is "field-" and the name.
	Name  string
	Label string
	// Type is the input's: text (when empty), email, password, search, date, number, …; or "textarea".
	Type  string
	Value string
	// Choices make it a selection.
	Choices      []choice
	Hint         string
	Problem      string
	Placeholder  string
	Autocomplete string
	Required     bool
	Focus        bool
	MaxLength    int
}

// choice is one value of a selection.
type choice struct{ Value, Label string }

func (i input) id() string { return "field-" + i.Name }

// describedBy names the elements that tell more of the field.
func (i input) describedBy() string {
	var ids []string
	if i.Hint != "" {
		ids = append(ids, i.id()+"-hint")
	}
	if i.Problem != "" {
		ids = append(ids, i.id()+"-problem")
	}
	return strings.Join(ids, " ")
}

func (i input) kind() string {
	if i.Type == "" {
		return "text"
	}
	return i.Type
}

// fact is a line of a list of facts. A missing value is shown as a dash.
type fact struct {
	Label string
	Value templ.Component
}

// text is a fact that is plain text.
func text(label, value string) fact { return fact{label, plain(value)} }

// pages are the links below a list. Empty for none.
type pages struct {
	// First and Next are paths with queries.
	First, Next string
}

// nextPage returns the path of a list's next page: the request's own with another value of the query's cursor.
func (r *request) nextPage(name, value string) string { return r.pathWith(name, value) }

// pathWith is the request's own path with one value of the query replaced, or taken out when it is empty.
func (r *request) pathWith(name, value string) string {
	q := r.URL.Query()
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return r.URL.Path
	}
	return r.URL.Path + "?" + q.Encode()
}

// The forms of time on a page. A title has the exact one.
const (
	timeForm  = "2 Jan 2006 15:04:05"
	exactForm = "2006-01-02T15:04:05.000000Z"
)

// shownTime returns a time in the zone of the request's project; "" for the zero time.
func (r *request) shownTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(r.zone).Format(timeForm)
}

// number returns n with a thin space between its thousands.
func number[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteRune('\u202f')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// money returns hundredths as a sum: 1234567 is 12 345.67.
func money(a clientele.Amount) string {
	sign := ""
	if a < 0 {
		sign, a = "-", -a
	}
	cents := strconv.Itoa(int(a % 100))
	return sign + number(int64(a/100)) + "." + strings.Repeat("0", 2-len(cents)) + cents
}

// dialectName is a dialect as people call it.
func dialectName(d clientele.Dialect) string {
	switch d {
	case clientele.OPM:
		return "OPM Partners"
	case clientele.Onlinewerkrooster:
		return "Onlinewerkrooster"
	case clientele.PrimeLead:
		return "Prime Lead"
	case clientele.DKHardware:
		return "DKHardware"
	case clientele.ViaConsole:
		return "Console"
	case clientele.ViaImport:
		return "Import"
	case clientele.ViaCommand:
		return "Command"
	default:
		return string(d)
	}
}

// dialectChoices are the partner dialects as a selection that begins with all of them.
func dialectChoices() []choice {
	list := []choice{{"", "All dialects"}}
	for _, d := range clientele.PartnerDialects {
		list = append(list, choice{string(d), dialectName(d)})
	}
	return list
}

// projectName is the name of the project whose pages the navigation offers.
func projectName(r *request) string {
	for _, p := range r.Projects {
		if p.ID == shownProject(r) {
			return p.Name
		}
	}
	return ""
}
