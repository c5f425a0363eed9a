// SPDX-License-Identifier: Apache-2.0 OR MIT

package control

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// Usage is what the process has consumed since it began.
type Usage struct {
	Seconds    float64 `json:"seconds"`    // CPU time, user and system
	RSS        int64   `json:"rss"`        // bytes resident now
	Goroutines int     `json:"goroutines"` // now
}

// MeasureUsage reads the counters of the kernel.
func MeasureUsage() (Usage, error) {
	seconds, err := CPUSeconds()
	if err != nil {
		return Usage{}, err
	}
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return Usage{}, err
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return Usage{}, err
	}
	return Usage{seconds, resident * int64(os.Getpagesize()), runtime.NumGoroutine()}, nil
}

// CPUSeconds is the CPU time of this process, user and system.
func CPUSeconds() (float64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds(), nil
}
