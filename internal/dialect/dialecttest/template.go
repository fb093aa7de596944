package dialecttest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// template is a text with variables and actions (see the package's description).
type template []part

// part is one piece of a template: a literal text, a variable, or an action that matches.
type part struct {
	kind partKind
	text string // the literal text, the variable's name, the regular expression
	into string // the variable that catches a match; empty for none
}

type partKind uint8

const (
	literal partKind = iota
	variable
	wildcard
	absent // {{none}}
)

// wildcards are the actions that match, as regular expressions.
var wildcards = map[string]string{
	"uuid": `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
	"int":  `-?[0-9]+`,
	"any":  `[^\n]+?`,
}

var (
	special      = regexp.MustCompile(`\$[A-Z][A-Z0-9_]*|\{\{`)
	variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
)

// parseTemplate reads a text with variables and actions.
func parseTemplate(s string) (template, error) {
	var t template
	for s != "" {
		found := special.FindStringIndex(s)
		if found == nil {
			return append(t, part{kind: literal, text: s}), nil
		}
		if found[0] > 0 {
			t = append(t, part{kind: literal, text: s[:found[0]]})
		}
		if s[found[0]] == '$' {
			t = append(t, part{kind: variable, text: s[found[0]+1 : found[1]]})
			s = s[found[1]:]
			continue
		}
		words, rest, err := actionWords(s[found[1]:])
		if err != nil {
			return nil, err
		}
		p, err := parseAction(words)
		if err != nil {
			return nil, fmt.Errorf("action %v: %w", words, err)
		}
		t, s = append(t, p), rest
	}
	return t, nil
}

// actionWords splits what follows "{{" into its words, up to "}}". A quoted word keeps its quotes.
func actionWords(s string) (words []string, rest string, err error) {
	for {
		s = strings.TrimLeft(s, " ")
		if rest, found := strings.CutPrefix(s, "}}"); found {
			return words, rest, nil
		}
		word, err := strconv.QuotedPrefix(s)
		if err != nil {
			end := strings.IndexAny(s, " }\n")
			if end <= 0 {
				return nil, "", fmt.Errorf("an action does not end: {{%.40s", s)
			}
			word = s[:end]
		}
		words, s = append(words, word), s[len(word):]
	}
}

func parseAction(words []string) (part, error) {
	if len(words) == 0 {
		return part{}, fmt.Errorf("nothing to do")
	}
	name, args := words[0], words[1:]
	switch {
	case name[0] == '"' && len(args) == 0:
		text, err := strconv.Unquote(name)
		return part{kind: literal, text: text}, err
	case name == "repeat" && len(args) == 2:
		return parseRepeat(args[0], args[1])
	case name == "none" && len(args) == 0:
		return part{kind: absent}, nil
	case name == "like" && len(args) > 0:
		re, err := strconv.Unquote(args[0])
		if err == nil {
			_, err = regexp.Compile(re)
		}
		if err != nil {
			return part{}, err
		}
		return catching(re, args[1:])
	case wildcards[name] != "":
		return catching(wildcards[name], args)
	default:
		return part{}, fmt.Errorf("unknown action, or not its arguments")
	}
}

func parseRepeat(quoted, count string) (part, error) {
	text, err := strconv.Unquote(quoted)
	if err != nil {
		return part{}, err
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 {
		return part{}, fmt.Errorf("%q is no count", count)
	}
	return part{kind: literal, text: strings.Repeat(text, n)}, nil
}

func catching(re string, into []string) (part, error) {
	p := part{kind: wildcard, text: re}
	switch {
	case len(into) == 0:
		return p, nil
	case len(into) == 1 && variableName.MatchString(into[0]):
		p.into = into[0]
		return p, nil
	default:
		return p, fmt.Errorf("a variable's name is written in capital letters")
	}
}

// expand returns the text that the template makes. Actions that match have no place in it.
func (t template) expand(vars map[string]string) (string, error) {
	var b strings.Builder
	for _, p := range t {
		switch p.kind {
		case literal:
			b.WriteString(p.text)
		case variable:
			v, ok := vars[p.text]
			if !ok {
				return "", fmt.Errorf("there is no variable $%s", p.text)
			}
			b.WriteString(v)
		default:
			return "", fmt.Errorf("an action that matches stands where text is made")
		}
	}
	return b.String(), nil
}

// expandText is parseTemplate and expand in one.
func expandText(s string, vars map[string]string) (string, error) {
	t, err := parseTemplate(s)
	if err != nil {
		return "", err
	}
	return t.expand(vars)
}

// isNone reports whether the template is {{none}} and nothing else.
func (t template) isNone() bool { return len(t) == 1 && t[0].kind == absent }

// match reports whether got is what the template says, and sets the variables that catch something. The error is about
// the template.
func (t template) match(got string, vars map[string]string) (bool, error) {
	if text, err := t.expand(vars); err == nil {
		return got == text, nil
	}
	re, err := t.regexp(vars)
	if err != nil {
		return false, err
	}
	found := re.FindStringSubmatch(got)
	if found == nil {
		return false, nil
	}
	for i, name := range re.SubexpNames() {
		if name != "" {
			vars[name] = found[i]
		}
	}
	return true, nil
}

// regexp returns the regular expression of the whole text, in which each variable that catches is a named group.
func (t template) regexp(vars map[string]string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString(`\A`)
	for i, p := range t {
		switch {
		case p.kind == absent:
			return nil, fmt.Errorf("{{none}} stands alone, as the value of a header")
		case p.kind != wildcard:
			text, err := template{p}.expand(vars)
			if err != nil {
				return nil, err
			}
			b.WriteString(regexp.QuoteMeta(text))
		case p.into != "" && !t[:i].catches(p.into):
			fmt.Fprintf(&b, "(?P<%s>%s)", p.into, p.text)
		default:
			fmt.Fprintf(&b, "(?:%s)", p.text)
		}
	}
	b.WriteString(`\z`)
	return regexp.Compile(b.String())
}

func (t template) catches(name string) bool {
	for _, p := range t {
		if p.into == name {
			return true
		}
	}
	return false
}

// squeeze takes the white space between the tokens of a JSON text away. Actions stay as they are.
func squeeze(s string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case strings.HasPrefix(s[i:], "{{"):
			_, rest, err := actionWords(s[i+2:])
			if err != nil {
				return s // parseTemplate says what is wrong
			}
			b.WriteString(s[i : len(s)-len(rest)])
			i = len(s) - len(rest) - 1
		case quoted && c == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i++
		case c == '"':
			quoted = !quoted
			b.WriteByte(c)
		case quoted || strings.IndexByte(" \t\r\n", c) < 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
