package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// binary is the program under test, and chrome the context of the browser that all tests share. Both are made once.
var (
	binary string
	chrome context.Context
)

func TestMain(m *testing.M) {
	status, err := prepareAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func prepareAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "clientele-browser-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "clientele")
	build := exec.Command("go", "build", "-race=false", "-o", binary, "clientele/cmd/clientele")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	ctx, end, err := startChromium(dir)
	if err != nil {
		return 1, err
	}
	defer end()
	chrome = ctx
	return m.Run(), nil
}

// startChromium starts the browser with a profile of its own, and with dir for a home. end ends it.
func startChromium(dir string) (ctx context.Context, end func(), err error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, nil, fmt.Errorf("there is no chromium: scripts/install-test-needs chromium installs it: %w", err)
	}
	if err := preferFonts(dir); err != nil {
		return nil, nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Flag("headless", "new"),
		chromedp.NoSandbox, // it runs as root in CI, and visits this program only
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true),
		// Nothing but loopback has a name, so that a page that asks elsewhere fails at once and reaches nobody.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
		chromedp.Flag("lang", "en-US"),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Env("HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir, "TZ=UTC", "LANGUAGE=en"),
	)
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	end = func() { cancel(); endAllocator() }
	if err := chromedp.Do(ctx); err != nil {
		end()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return ctx, end, nil
}

// fonts prefers the fonts that the tests install, so that a picture does not depend on which others a machine has.
const fonts = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>
<alias binding="strong"><family>system-ui</family><prefer><family>Liberation Sans</family></prefer></alias>
<alias binding="strong"><family>sans-serif</family><prefer><family>Liberation Sans</family></prefer></alias>
<alias binding="strong"><family>monospace</family><prefer><family>Liberation Mono</family></prefer></alias>
</fontconfig>`

// preferFonts writes the fonts where fontconfig looks for what a user prefers.
func preferFonts(configHome string) error {
	dir := filepath.Join(configHome, "fontconfig")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "fonts.conf"), []byte(fonts), 0o600)
}
