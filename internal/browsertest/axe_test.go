package browsertest

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axeSource is axe-core; see testdata/axe/README.md.
//
//go:embed testdata/axe/axe.min.js
var axeSource string

const axeSHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"

func TestAxe_IsTheOneThatIsNamed(t *testing.T) {
	sum := sha256.Sum256([]byte(axeSource))
	if got := hex.EncodeToString(sum[:]); got != axeSHA256 {
		t.Errorf("testdata/axe/axe.min.js has the checksum %s, want %s", got, axeSHA256)
	}
}

// axeRun looks at the whole page, for WCAG 2.2 at A and AA and for what axe-core holds to be good practice, and names each
// violation on a line.
const axeRun = `axe.run(document, {
	runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']},
	resultTypes: ['violations'],
}).then(found => found.violations.map(v => v.id + ' (' + v.impact + '): ' + v.help + '\n' +
	v.nodes.slice(0, 4).map(n => '      ' + n.html.slice(0, 160) + '\n        ' +
		n.failureSummary.replace(/\s+/g, ' ').slice(0, 300)).join('\n')))`

// Accessible fails the test when axe-core finds a violation on the page as it is looked at.
func (p *page) Accessible() {
	p.t.Helper()
	for _, v := range p.violations() {
		p.t.Errorf("%s (%s) is not accessible: %s", p.Path(), p.look, v)
	}
}

// violations runs axe-core in a world of its own beside the page's: what the page may not run, it does not run for axe.
func (p *page) violations() (list []string) {
	p.t.Helper()
	p.try("axe", func(ctx context.Context) error {
		tree, err := chromedp.Call(ctx, cdppage.GetFrameTree, struct{}{})
		if err != nil {
			return err
		}
		world, err := chromedp.Call(ctx, cdppage.CreateIsolatedWorld,
			cdppage.CreateIsolatedWorldParams{FrameID: tree.FrameTree.Frame.ID, WorldName: "axe"})
		if err != nil {
			return err
		}
		in := func(e *runtime.EvaluateParams) { e.ContextID = world.ExecutionContextID }
		if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](axeSource+"\n;0", in)); err != nil {
			return fmt.Errorf("load axe-core: %w", err)
		}
		list, err = chromedp.Run(ctx, chromedp.Evaluate[[]string](axeRun, in, chromedp.EvalAwaitPromise))
		return err
	})
	return list
}
