//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is where a run took place: figures of two machines are not to be compared.
type machine struct {
	Cores      int    `json:"cores"`
	Processor  string `json:"processor"`
	Kernel     string `json:"kernel"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	FileSystem string `json:"file_system"` // of the data directories
}

// machineFacts describes this machine; what cannot be read stays "unknown".
func machineFacts(dir string) machine {
	return machine{
		Cores: runtime.NumCPU(), Processor: processorName(), Kernel: kernelRelease(), Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, FileSystem: fileSystem(dir),
	}
}

const unknown = "unknown"

func processorName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

func kernelRelease() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(text))
}

// fileSystem names the kind of file system. On one in memory a commit costs nothing and no latency row means
// anything.
func fileSystem(dir string) string {
	var status unix.Statfs_t
	if err := unix.Statfs(dir, &status); err != nil {
		return unknown
	}
	switch int64(status.Type) {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4"
	case unix.XFS_SUPER_MAGIC:
		return "xfs"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlay"
	case unix.TMPFS_MAGIC:
		return "tmpfs (in memory: commits cost nothing here)"
	}
	return fmt.Sprintf("type %#x", status.Type)
}
