package primelead

import (
	"time"

	"clientele"
)

// checker reads the parameters of one request and remembers what is wrong with them, one fault each.
type checker struct {
	form   form
	zone   *time.Location
	now    time.Time
	faults map[string]string
}

func newChecker(f form) *checker { return &checker{form: f, faults: map[string]string{}} }

// refuse finds fault with a parameter, unless one is found already.
func (c *checker) refuse(name, message string) {
	if c.faults[name] == "" {
		c.faults[name] = message
	}
}

// err returns the faults of the parameters in the order of names; nil when there are none.
func (c *checker) err(names []string) error {
	var list faults
	for _, name := range names {
		if message := c.faults[name]; message != "" {
			list = append(list, fault{name, message})
		}
	}
	return list.err()
}

// text returns what a parameter states; "" when that is nothing or cannot be read. Of the parameters only amounts may be
// numbers.
func (c *checker) text(name, otherwise string) string {
	switch v := c.form[name]; {
	case v.wrong != "":
		c.refuse(name, v.wrong)
		return ""
	case v.isNumber:
		c.refuse(name, otherwise)
		return ""
	default:
		return v.text
	}
}

func (c *checker) uuid(name string) string {
	text := c.text(name, notUUID)
	if text == "" {
		return ""
	}
	canonical, ok := parseUUID(text)
	if !ok {
		c.refuse(name, notUUID)
	}
	return canonical
}

func (c *checker) customerType(name string) clientele.Text {
	switch text := c.text(name, notCustomerType); text {
	case "":
	case "new", "returning":
		return clientele.Some(text)
	default:
		c.refuse(name, notCustomerType)
	}
	return clientele.Text{}
}

func (c *checker) amount(name string) clientele.Amount {
	switch v := c.form[name]; {
	case v.wrong != "":
		c.refuse(name, v.wrong)
	case v.text != "":
		a, ok := parseAmount(v.text)
		if !ok {
			c.refuse(name, notAmount)
		}
		return a
	}
	return 0
}

func (c *checker) date(name string) time.Time {
	text := c.text(name, notDate)
	if text == "" {
		return time.Time{}
	}
	at, wrong := parseDate(text, c.zone)
	if wrong == "" && at.After(c.now.Add(maxFuture)) {
		wrong = inFuture
	}
	if wrong != "" {
		c.refuse(name, wrong)
		return time.Time{}
	}
	return at
}
