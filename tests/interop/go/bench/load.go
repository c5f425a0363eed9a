// SPDX-License-Identifier: Apache-2.0 OR MIT

package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"
	"github.com/ethereum/go-ethereum/p2p/rlpx"
	"github.com/ethereum/go-ethereum/rlp"

	"sotto.invalid/interop/control"
)

const (
	helloCode      = 0
	disconnectCode = 1
	pingCode       = 2
	pongCode       = 3
	baseVersion    = 5
	dialTimeout    = 10 * time.Second
)

var emptyList = []byte{0xc0}

// hello is the first message of the base protocol, EIP-8: trailing fields are ignored.
type hello struct {
	Version    uint64
	Name       string
	Caps       []p2p.Cap
	ListenPort uint64
	ID         []byte
	Rest       []rlp.RawValue `rlp:"tail"`
}

// load makes RLPx connections in number, with a fresh identity each.
type load struct {
	capability p2p.Cap

	mu   sync.Mutex
	idle []*rlpx.Conn
}

type loadArgs struct {
	Addr     string
	Count    int
	Parallel int      // at a time; 1 when 0
	Caps     []string // "name/version"; the counting protocol when empty
}

func (l *load) commands() control.Commands {
	return control.Commands{
		"handshakes": control.Decode(func(args loadArgs) (any, error) {
			return l.spread(args, func(conn *rlpx.Conn) { conn.Close() })
		}),
		"idle":    control.Decode(func(args loadArgs) (any, error) { return l.spread(args, l.keep) }),
		"release": func(control.Args) (any, error) { return l.release(), nil },
	}
}

// spread connects Count times in Parallel, stops at the first error, and answers with the time it took.
func (l *load) spread(args loadArgs, then func(*rlpx.Conn)) (any, error) {
	to, err := enode.Parse(enode.ValidSchemes, args.Addr)
	if err != nil {
		return nil, err
	}
	caps, err := l.caps(args.Caps)
	if err != nil {
		return nil, err
	}
	before, err := control.CPUSeconds()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	var next atomic.Int64
	failed := make(chan error, max(1, args.Parallel))
	var all sync.WaitGroup
	for range cap(failed) {
		all.Go(func() {
			for n := next.Add(1); n <= int64(args.Count) && len(failed) == 0; n = next.Add(1) {
				conn, err := connect(to, caps)
				if err != nil {
					failed <- fmt.Errorf("the %d-th: %w", n, err)
					return
				}
				then(conn)
			}
		})
	}
	all.Wait()
	close(failed)
	seconds := time.Since(began).Seconds()
	after, err := control.CPUSeconds()
	return map[string]any{"count": args.Count, "seconds": seconds, "cpuSeconds": after - before}, errors.Join(err, <-failed)
}

func (l *load) caps(names []string) ([]p2p.Cap, error) {
	if len(names) == 0 {
		return []p2p.Cap{l.capability}, nil
	}
	caps := make([]p2p.Cap, len(names))
	for i, name := range names {
		short, version, _ := strings.Cut(name, "/")
		number, err := strconv.ParseUint(version, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		caps[i] = p2p.Cap{Name: short, Version: uint(number)}
	}
	return caps, nil
}

// connect runs the RLPx handshake, the exchange of hellos and one ping.
func connect(to *enode.Node, caps []p2p.Cap) (*rlpx.Conn, error) {
	key, err := crypto.GenerateKey()
	if err != nil {
		return nil, err
	}
	socket, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", to.IP(), to.TCP()), dialTimeout)
	if err != nil {
		return nil, err
	}
	socket.SetDeadline(time.Now().Add(dialTimeout))
	conn := rlpx.NewConn(socket, to.Pubkey())
	if _, err := conn.Handshake(key); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	ours, err := rlp.EncodeToBytes(&hello{Version: baseVersion, Name: "gethbench-load", Caps: caps,
		ID: crypto.FromECDSAPub(&key.PublicKey)[1:]})
	if err != nil {
		return nil, err
	}
	if err := greet(conn, ours); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	socket.SetDeadline(time.Time{})
	return conn, nil
}

// greet returns when the peer has answered a ping, so it has read our hello and serves us: to hang up before that would
// measure half a handshake.
func greet(conn *rlpx.Conn, ours []byte) error {
	if _, err := conn.Write(helloCode, ours); err != nil {
		return err
	}
	data, err := await(conn, helloCode)
	if err != nil {
		return err
	}
	var theirs hello
	if err := rlp.DecodeBytes(data, &theirs); err != nil {
		return err
	}
	conn.SetSnappy(theirs.Version >= baseVersion)
	if _, err := conn.Write(pingCode, emptyList); err != nil {
		return err
	}
	_, err = await(conn, pongCode)
	return err
}

// await reads past what the peer's protocols say.
func await(conn *rlpx.Conn, wanted uint64) ([]byte, error) {
	for {
		code, data, _, err := conn.Read()
		if err != nil || code == wanted {
			return data, err
		}
		if code == disconnectCode {
			return nil, fmt.Errorf("disconnected: %x", data)
		}
	}
}

// keep leaves the connection open and answers nothing but pings, as an idle peer does.
func (l *load) keep(conn *rlpx.Conn) {
	l.mu.Lock()
	l.idle = append(l.idle, conn)
	l.mu.Unlock()
	go func() {
		for {
			code, _, _, err := conn.Read()
			if err != nil {
				return
			}
			if code == pingCode {
				if _, err := conn.Write(pongCode, emptyList); err != nil {
					return
				}
			}
		}
	}()
}

func (l *load) release() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	closed := len(l.idle)
	for _, conn := range l.idle {
		conn.Close()
	}
	l.idle = nil
	return closed
}
