package clientele

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// AppendPayload appends the write as a JSON object, the form in which a submission keeps it: mode, id, the raw values that
// it states (null clears), and addresses. ReadPayload is its inverse, but for the normal values.
func (w *CustomerWrite) AppendPayload(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"mode":`...), uint64(w.Mode), 10)
	b = strconv.AppendInt(append(b, `,"id":`...), w.ID, 10)
	b = append(b, `,"set":{`...)
	c := Customer{Details: w.Patch.Details}
	b = append(c.appendMembers(b, w.Patch.Set), '}')
	if len(w.Addresses) > 0 {
		b = appendAddresses(append(b, `,"addresses":`...), w.Addresses)
	}
	return append(b, '}')
}

// payload is what ReadPayload reads.
type payload struct {
	Mode      CustomerMode                 `json:"mode"`
	ID        int64                        `json:"id"`
	Set       map[string]*string           `json:"set"`
	Addresses []map[string]json.RawMessage `json:"addresses"`
}

// ReadPayload reads what AppendPayload wrote.
func ReadPayload(b []byte) (CustomerWrite, error) {
	var p payload
	if err := json.Unmarshal(b, &p); err != nil {
		return CustomerWrite{}, fmt.Errorf("read payload: %w", err)
	}
	w := CustomerWrite{Mode: p.Mode, ID: p.ID}
	for name, value := range p.Set {
		i := slices.Index(fieldNames[:], name)
		if i < 0 {
			return CustomerWrite{}, fmt.Errorf("read payload: unknown field %q", name)
		}
		w.Patch.Put(Field(i), textOf(value))
	}
	for _, members := range p.Addresses {
		a, err := readAddress(members)
		if err != nil {
			return CustomerWrite{}, fmt.Errorf("read payload: %w", err)
		}
		w.Addresses = append(w.Addresses, a)
	}
	return w, nil
}

func textOf(s *string) Text {
	if s == nil {
		return Text{}
	}
	return Some(*s)
}

// readAddress reads what Address.appendJSON wrote.
func readAddress(members map[string]json.RawMessage) (Address, error) {
	var a Address
	for _, t := range a.Texts() {
		if raw, ok := members[t.Name]; ok {
			var s *string
			if err := json.Unmarshal(raw, &s); err != nil {
				return a, err
			}
			*t.Text = textOf(s)
		}
	}
	for name, dest := range map[string]any{
		"id": &a.ID, "is_default_billing": &a.IsDefaultBilling, "is_default_shipping": &a.IsDefaultShipping,
	} {
		if raw, ok := members[name]; ok {
			if err := json.Unmarshal(raw, dest); err != nil {
				return a, err
			}
		}
	}
	return a, nil
}
