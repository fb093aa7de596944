package main

import (
	"io"
	"log/slog"
	"os"

	"clientele/internal/config"

	"github.com/lmittmann/tint"
)

// newLog returns the program's log, written through w; dest is where it ends up.
func newLog(c *config.Serve, w io.Writer, dest io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // the parser knows the names
	if c.LogFormat == "text" || c.LogFormat == "auto" && isTerminal(dest) {
		return slog.New(tint.NewTextHandler(w, &tint.Options{Level: level, NoColor: !isTerminal(dest)}))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
