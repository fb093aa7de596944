package browsertest

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// screenshotsVariable names the directory that the README's pictures are written to; without it they are only looked at.
const screenshotsVariable = "CLIENTELE_SCREENSHOTS"

// scale is how many pixels of a picture one of the page becomes: the README shows a picture smaller than the page was.
const scale = 1

// pictured are the README's pictures: where each is taken, and what it shows.
var pictured = []struct{ name, path, text string }{
	{"overview", "/console/", "Newest changes"},
	{"customer", "/console/p/1/customers/1", "History"},
	{"funnel", "/console/p/1/funnel?range=90d", "By campaign"},
	{"docs", "/docs/opm/", "OPM Partners API"},
}

// TestScreenshots takes the README's pictures of the demo, in both colour schemes.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	b := &book{t, []string{"CLIENTELE_DATA_DIR=" + t.TempDir() + "/data-demo"}}
	p := newPage(t, b.serve("--demo").url, looks[0])
	p.Open("/console/login")
	p.enter("demo@example.com", "clientele demo")
	for _, s := range []scheme{light, dark} {
		p.Look(look{1280, s})
		for _, one := range pictured {
			p.watch.tolerate(toleratedAt(one.path)...)
			p.Open(one.path)
			p.WaitText(one.text)
			p.NoFaults()
			p.Screenshot(one.name + "-" + string(s) + ".png")
		}
	}
}

// Screenshot takes a picture of what is to be seen, makes sure that something is, and writes it where it was asked for.
func (p *page) Screenshot(name string) {
	p.t.Helper()
	metrics := emulation.SetDeviceMetricsOverrideParams{Width: p.look.width, Height: p.look.height(), DeviceScaleFactor: scale}
	var picture []byte
	p.try("screenshot", func(ctx context.Context) (err error) {
		if _, err = chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, metrics); err != nil {
			return err
		}
		picture, err = chromedp.Run(ctx, chromedp.CaptureScreenshot())
		return err
	})
	p.Look(p.look)
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	want := image.Rect(0, 0, int(p.look.width)*scale, int(p.look.height())*scale)
	if got := decoded.Bounds(); got != want {
		p.t.Errorf("%s is %v, want %v", name, got, want)
	}
	if n := shades(decoded); n < 30 {
		p.t.Errorf("%s has %d colours: there is next to nothing on it", name, n)
	}
	if dir := os.Getenv(screenshotsVariable); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), picture, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

// shades returns how many colours a picture has, at every fourth point.
func shades(m image.Image) int {
	seen := map[[3]uint32]bool{}
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y += 4 {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x += 4 {
			r, g, b, _ := m.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}
