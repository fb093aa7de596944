package dialecttest

import (
	"fmt"
	"strconv"
	"strings"
)

// contractCase is one case of a file: its steps, in order.
type contractCase struct {
	title string
	line  int
	steps []step
}

// step is one request, one answer, or one step of another sort.
type step struct {
	kind stepKind
	line int
	// method and target belong to a request, status to an answer.
	method, target string
	status         int
	headers        []header
	// body belongs to requests and answers; to other steps, all the lines below the marker.
	body string
	// words are those behind the marker of another step.
	words string
}

type stepKind uint8

const (
	request stepKind = iota
	answer
	other
)

// header is one header line, the value with variables and actions.
type header struct{ name, value string }

const (
	titleMark   = "=== "
	requestMark = ">>> "
	answerMark  = "<<< "
	otherMark   = "--- "
)

// parseCases reads a file of contract cases. The error names the line.
func parseCases(text string) ([]contractCase, error) {
	p := &parser{lines: strings.Split(text, "\n")}
	for p.at < len(p.lines) {
		if err := p.parseLine(); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.at+1, err)
		}
	}
	if err := p.endCase(); err != nil {
		return nil, fmt.Errorf("line %d: %w", len(p.lines), err)
	}
	if len(p.cases) == 0 {
		return nil, fmt.Errorf("there is no case")
	}
	return p.cases, nil
}

type parser struct {
	lines []string
	at    int
	cases []contractCase
}

// parseLine reads the step that starts at the current line.
func (p *parser) parseLine() error {
	line := p.lines[p.at]
	if title, found := strings.CutPrefix(line, titleMark); found {
		return p.startCase(strings.TrimSpace(title))
	}
	if isComment(line) || strings.TrimSpace(line) == "" {
		p.at++
		return nil
	}
	if len(p.cases) == 0 {
		return fmt.Errorf("a case starts with %q", titleMark)
	}
	s := step{line: p.at + 1}
	var err error
	switch mark, head := line[:min(len(line), len(titleMark))], strings.TrimSpace(line[min(len(line), len(titleMark)):]); mark {
	case requestMark:
		s.kind = request
		var found bool
		if s.method, s.target, found = strings.Cut(head, " "); !found {
			return fmt.Errorf("a request is a method and a target")
		}
	case answerMark:
		s.kind = answer
		if s.status, err = strconv.Atoi(head); err != nil {
			return fmt.Errorf("an answer is a status")
		}
	case otherMark:
		s.kind, s.words = other, head
	default:
		return fmt.Errorf("this belongs to no step: %.40q", line)
	}
	return p.addStep(s)
}

func (p *parser) startCase(title string) error {
	if err := p.endCase(); err != nil {
		return err
	}
	for _, c := range p.cases {
		if c.title == title {
			return fmt.Errorf("the title %q is in line %d too", title, c.line)
		}
	}
	p.cases = append(p.cases, contractCase{title: title, line: p.at + 1})
	p.at++
	return nil
}

// endCase checks the case that ends here.
func (p *parser) endCase() error {
	if len(p.cases) == 0 {
		return nil
	}
	steps := p.cases[len(p.cases)-1].steps
	if len(steps) == 0 {
		return fmt.Errorf("the case before has no step")
	}
	if steps[len(steps)-1].kind == request {
		return fmt.Errorf("the request of line %d has no answer", steps[len(steps)-1].line)
	}
	return nil
}

func (p *parser) addStep(s step) error {
	c := &p.cases[len(p.cases)-1]
	afterRequest := len(c.steps) > 0 && c.steps[len(c.steps)-1].kind == request
	if afterRequest != (s.kind == answer) {
		return fmt.Errorf("a request stands before its answer, and nothing between them")
	}
	p.at++
	lines := p.block()
	if s.kind != other {
		for len(lines) > 0 && lines[0] != "" {
			name, value, found := strings.Cut(lines[0], ":")
			if !found {
				return fmt.Errorf("this is no header: %.40q", lines[0])
			}
			s.headers = append(s.headers, header{name, strings.Trim(value, " ")})
			lines = lines[1:]
		}
		if len(lines) > 0 {
			lines = lines[1:] // the blank line
		}
	}
	s.body = strings.Join(lines, "\n")
	c.steps = append(c.steps, s)
	return nil
}

// block returns the lines up to the next marker, without comments and without blank lines at the end.
func (p *parser) block() []string {
	var lines []string
	for ; p.at < len(p.lines) && !isMarker(p.lines[p.at]); p.at++ {
		if !isComment(p.lines[p.at]) {
			lines = append(lines, p.lines[p.at])
		}
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func isComment(line string) bool { return line == "#" || strings.HasPrefix(line, "# ") }

func isMarker(line string) bool {
	for _, mark := range []string{titleMark, requestMark, answerMark, otherMark} {
		if strings.HasPrefix(line, mark) {
			return true
		}
	}
	return false
}
