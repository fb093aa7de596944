package browsertest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// thing says what on a page is meant: what has one of the roles and the accessible name, as a screen reader announces them,
// or, where those cannot tell, what a CSS selector finds that is shown. It must be the only one of its kind.
type thing struct {
	roles []string
	name  string
	css   string
	// inside is the CSS selector of the part of the page to look in, when not "".
	inside string
}

func button(name string) thing {
	return thing{roles: []string{"button", "DisclosureTriangle"}, name: name}
}
func link(name string) thing    { return thing{roles: []string{"link"}, name: name} }
func css(selector string) thing { return thing{css: selector} }

// field is what one fills in or chooses, by its label.
func field(label string) thing {
	return thing{name: label, roles: []string{
		"textbox", "searchbox", "spinbutton", "combobox", "listbox", "checkbox", "radio", "switch", "Date", "DateTime", "InputTime",
	}}
}

// in narrows the thing down to a part of the page.
func (w thing) in(selector string) thing { w.inside = selector; return w }

func (w thing) String() string {
	s := w.css
	if s == "" {
		s = fmt.Sprintf("%s %q", w.roles[0], w.name)
	}
	if w.inside != "" {
		s += " in " + w.inside
	}
	return s
}

var errNotThere = errors.New("it is not there")

// find returns the one thing on the page. It does not wait.
func find(ctx context.Context, w thing) (runtime.RemoteObjectID, error) {
	root := "document"
	if w.inside != "" {
		root = fmt.Sprintf("document.querySelector(%s)", quote(w.inside))
	}
	if w.css == "" {
		return findNamed(ctx, root, w)
	}
	seen := fmt.Sprintf("[...%s?.querySelectorAll(%s) ?? []].filter(e => e.checkVisibility())", root, quote(w.css))
	n, err := evaluate[int](ctx, seen+".length")
	if err != nil {
		return "", err
	}
	if err := exactlyOne(n); err != nil {
		return "", err
	}
	return object(ctx, seen+"[0]")
}

func exactlyOne(n int) error {
	switch n {
	case 0:
		return errNotThere
	case 1:
		return nil
	}
	return fmt.Errorf("there are %d of them", n)
}

// findNamed asks the accessibility tree.
func findNamed(ctx context.Context, root string, w thing) (runtime.RemoteObjectID, error) {
	id, err := object(ctx, root)
	if err != nil {
		return "", err
	}
	found, err := chromedp.Call(ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: id, AccessibleName: w.name})
	if err != nil {
		return "", err
	}
	nodes := slices.DeleteFunc(found.Nodes, func(n *accessibility.Node) bool {
		return n.Ignored || n.Role == nil || !slices.Contains(w.roles, text(n.Role.Value))
	})
	if err := exactlyOne(len(nodes)); err != nil {
		return "", err
	}
	node, err := chromedp.Call(ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: nodes[0].BackendDOMNodeID})
	if err != nil {
		return "", err
	}
	return node.Object.ObjectID, nil
}

// reachable tells what is wrong with clicking the object at a point: it is disabled, or something else is on top of it.
const reachable = `function (x, y) {
	if (this.matches(':disabled')) return 'it is disabled';
	const there = document.elementFromPoint(x, y);
	if (this.contains(there) || there?.contains(this) && there.matches('label, a, button, summary') || there?.control === this) return '';
	return 'something else is on top of it: ' + (there?.outerHTML ?? 'nothing').slice(0, 120);
}`

// place scrolls the object into view and returns the middle of it.
func place(ctx context.Context, id runtime.RemoteObjectID) (x, y float64, err error) {
	if _, err := chromedp.Call(ctx, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{ObjectID: id}); err != nil {
		return 0, 0, err
	}
	quads, err := chromedp.Call(ctx, dom.GetContentQuads, dom.GetContentQuadsParams{ObjectID: id})
	if err != nil {
		return 0, 0, err
	}
	if len(quads.Quads) == 0 {
		return 0, 0, errors.New("it is not to be seen")
	}
	q := quads.Quads[0]
	x, y = (q[0]+q[2]+q[4]+q[6])/4, (q[1]+q[3]+q[5]+q[7])/4
	why, err := call[string](ctx, id, reachable, x, y)
	if err == nil && why != "" {
		err = errors.New(why)
	}
	return x, y, err
}

// click clicks the one thing with the mouse. It does not wait for the thing.
func click(ctx context.Context, w thing) error {
	id, err := find(ctx, w)
	if err != nil {
		return err
	}
	x, y, err := place(ctx, id)
	if err != nil {
		return err
	}
	for _, step := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMouseMoved, input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
		e := input.DispatchMouseEventParams{Type: step, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1}
		if _, err := chromedp.Call(ctx, input.DispatchMouseEvent, e); err != nil {
			return err
		}
	}
	return nil
}

// prepare empties a text field for typing, and sets anything else at once; it returns whether text is to be typed.
const prepare = `function (value) {
	this.focus();
	const tell = () => { for (const e of ['input', 'change']) this.dispatchEvent(new Event(e, {bubbles: true})); };
	if (this.tagName === 'SELECT') {
		const option = [...this.options].find(o => o.label.trim() === value || o.value === value);
		if (!option) throw new Error('no such option; there are: ' + [...this.options].map(o => o.label).join(', '));
		option.selected = true;
		tell();
		return false;
	}
	if (this.tagName === 'INPUT' && /date|time|month|week|color|range/.test(this.type)) {
		this.value = value;
		tell();
		return false;
	}
	this.select();
	return true;
}`

// fill puts the value into the one field. It does not wait for the field.
func fill(ctx context.Context, w thing, value string) error {
	id, err := find(ctx, w)
	if err != nil {
		return err
	}
	if _, _, err := place(ctx, id); err != nil {
		return err
	}
	types, err := call[bool](ctx, id, prepare, value)
	if err != nil || !types {
		return err
	}
	if value == "" {
		return chromedp.Do(ctx, chromedp.KeyEvent("\b"))
	}
	_, err = chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: value})
	return err
}

// call calls the function on the object and returns what it returns.
func call[T any](ctx context.Context, id runtime.RemoteObjectID, function string, args ...any) (T, error) {
	on := func(p *runtime.CallFunctionOnParams) { p.ObjectID = id }
	return chromedp.Run(ctx, chromedp.CallFunctionOn[T](function, on, args...))
}

// evaluate returns the value of the expression, or of what it promises.
func evaluate[T any](ctx context.Context, expression string) (T, error) {
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// object returns what the expression names.
func object(ctx context.Context, expression string) (runtime.RemoteObjectID, error) {
	o, err := evaluate[*runtime.RemoteObject](ctx, expression)
	if err != nil {
		return "", err
	}
	if o.ObjectID == "" {
		return "", errNotThere
	}
	return o.ObjectID, nil
}

// quote writes text as JavaScript does.
func quote(s string) string {
	b, err := jsonv2.Marshal(s)
	if err != nil {
		panic(err) // it is text
	}
	return string(b)
}

func text(v jsonv2.Value) string {
	var s string
	_ = jsonv2.Unmarshal(v, &s) // what is no text is ""
	return s
}
