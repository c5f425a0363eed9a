// SPDX-License-Identifier: Apache-2.0 OR MIT

// Package control is the protocol between a test and a peer: commands as JSON lines on stdin, answers and events as JSON
// lines on stdout. Commands run concurrently, so answers may come in another order than their commands.
package control

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

// Args are the fields of a command besides "id" and "cmd", still as text.
type Args = json.RawMessage

// Handler runs one command; what it returns becomes "result" or "error".
type Handler func(Args) (any, error)

// Commands maps the names of commands to what runs them.
type Commands map[string]Handler

var out = struct {
	sync.Mutex
	*bufio.Writer
}{Writer: bufio.NewWriterSize(os.Stdout, 1<<16)}

func write(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		Fatal(fmt.Errorf("cannot encode %T: %w", line, err))
	}
	out.Lock()
	defer out.Unlock()
	out.Write(text)
	out.WriteByte('\n')
	if out.Flush() != nil {
		os.Exit(1) // nobody listens any more
	}
}

// Emit writes an event.
func Emit(event string, fields map[string]any) {
	line := map[string]any{"event": event}
	for name, value := range fields {
		line[name] = value
	}
	write(line)
}

// Ready writes the first line; empty values become null.
func Ready(enode string, multiaddrs []string, peerID string) {
	fields := map[string]any{"enode": nil, "multiaddrs": nil, "peerId": nil}
	if enode != "" {
		fields["enode"] = enode
	}
	if len(multiaddrs) > 0 {
		fields["multiaddrs"] = multiaddrs
	}
	if peerID != "" {
		fields["peerId"] = peerID
	}
	Emit("ready", fields)
}

// Serve runs commands until stdin ends or "quit" comes. "cpu" is always among them.
func Serve(sets ...Commands) {
	commands := Commands{"cpu": func(Args) (any, error) { return MeasureUsage() }}
	for _, set := range sets {
		for name, handler := range set {
			commands[name] = handler
		}
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			if err != io.EOF {
				Fatal(err)
			}
			return
		}
		var head struct {
			ID  json.RawMessage `json:"id"`
			Cmd string          `json:"cmd"`
		}
		if err := json.Unmarshal(line, &head); err != nil {
			Fatal(fmt.Errorf("a line of stdin is not JSON: %w", err))
		}
		if head.Cmd == "quit" {
			write(map[string]any{"id": head.ID, "result": true})
			return
		}
		go answer(head.ID, head.Cmd, commands[head.Cmd], line)
	}
}

func answer(id json.RawMessage, name string, handler Handler, args Args) {
	if handler == nil {
		write(map[string]any{"id": id, "error": fmt.Sprintf("no command %q", name)})
		return
	}
	result, err := handler(args)
	if err != nil {
		write(map[string]any{"id": id, "error": err.Error()})
		return
	}
	write(map[string]any{"id": id, "result": result})
}

// Decode makes a Handler of a function with typed arguments.
func Decode[A any](run func(A) (any, error)) Handler {
	return func(raw Args) (any, error) {
		var args A
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		return run(args)
	}
}

// Fatal ends the process with a message on stderr.
func Fatal(err error) {
	fmt.Fprintln(os.Stderr, "fatal:", err)
	os.Exit(1)
}
