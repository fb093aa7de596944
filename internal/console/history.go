package console

import (
	"bytes"
	"fmt"

	"clientele"

	"github.com/go-json-experiment/json/jsontext"
)

// historyEntry is a change with what it did to each field.
type historyEntry struct {
	Change clientele.Change
	Fields []fieldChange
}

// fieldChange is a field's way from one value to another.
type fieldChange struct {
	Name     string
	From, To clientele.Text
	// FromUnknown says that the value before lies further back than was read.
	FromUnknown bool
}

// readHistory returns changes, the newest first, with the values before each: what a change states is compared with what the
// older ones stated last. isWhole says that nothing older is missing.
func readHistory(changes []clientele.Change, isWhole bool) ([]historyEntry, error) {
	list := make([]historyEntry, len(changes))
	values := map[string]clientele.Text{}
	for i := len(changes) - 1; i >= 0; i-- {
		members, err := readMembers(changes[i].Values)
		if err != nil {
			return nil, fmt.Errorf("read change %d: %w", changes[i].Seq, err)
		}
		list[i].Change = changes[i]
		for _, m := range members {
			from, known := values[m.name]
			list[i].Fields = append(list[i].Fields, fieldChange{
				Name: m.name, From: from, To: m.text, FromUnknown: !known && !isWhole && changes[i].Action != clientele.ActionCreated,
			})
			values[m.name] = m.text
		}
	}
	return list, nil
}

// member is one value of a change.
type member struct {
	name string
	text clientele.Text
}

// readMembers returns the members of a JSON object in their order: texts as they are, null as a missing one, anything else
// as it is written.
func readMembers(object []byte) ([]member, error) {
	d := jsontext.NewDecoder(bytes.NewReader(object))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	var list []member
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		m := member{name: name.String()}
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		switch value.Kind() {
		case jsontext.KindNull:
		case jsontext.KindString:
			text, err := jsontext.AppendUnquote(nil, value)
			if err != nil {
				return nil, err
			}
			m.text = clientele.Some(string(text))
		default:
			m.text = clientele.Some(string(value))
		}
		list = append(list, m)
	}
	return list, nil
}

// actionWord is what a change did, as people say it, with the tone of its badge.
func actionWord(a clientele.Action) (word, tone string) {
	switch a {
	case clientele.ActionCreated:
		return "created", "good"
	case clientele.ActionErased:
		return "erased", "bad"
	default:
		return string(a), ""
	}
}
