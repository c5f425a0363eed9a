// SPDX-License-Identifier: Apache-2.0 OR MIT

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"

	"sotto.invalid/interop/control"
)

const (
	echoProtocol      = "/echo/1.0.0"
	perfProtocol      = "/perf/1.0.0"
	heartbeatProtocol = "/ping/0.0.1"
	toolTimeout       = 5 * time.Minute
	block             = 64 << 10
)

// zeros yields that many zero bytes; perf measures the way, not the making of the data.
func zeros(n uint64) io.Reader { return io.LimitReader(zeroReader{}, int64(n)) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func send(w io.Writer, r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{w}, r, make([]byte, block))
}

func serveEcho(h host.Host) {
	h.SetStreamHandler(echoProtocol, func(stream network.Stream) {
		if _, err := send(stream, stream); err != nil {
			stream.Reset()
			return
		}
		stream.Close()
	})
}

// servePerf: u64 big endian = bytes wanted back, the upload, its end; then that many bytes back.
func servePerf(h host.Host) {
	h.SetStreamHandler(perfProtocol, func(stream network.Stream) {
		var head [8]byte
		_, err := io.ReadFull(stream, head[:])
		if err == nil {
			_, err = send(io.Discard, stream)
		}
		if err == nil {
			_, err = send(stream, zeros(binary.BigEndian.Uint64(head[:])))
		}
		if err != nil {
			stream.Reset()
			return
		}
		stream.Close()
	})
}

type toolArgs struct {
	Peer  string // peer id, connected before; or a multiaddr, connected now
	Count int
	Up    uint64
	Down  uint64
	Bytes int
}

func toolCommands(h host.Host) control.Commands {
	withPeer := func(run func(context.Context, host.Host, peer.ID, toolArgs) (any, error)) control.Handler {
		return control.Decode(func(args toolArgs) (any, error) {
			ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
			defer cancel()
			id, err := find(ctx, h, args.Peer)
			if err != nil {
				return nil, err
			}
			return run(ctx, h, id, args)
		})
	}
	return control.Commands{
		"ping":     withPeer(pings),
		"perf":     withPeer(perf),
		"echo":     withPeer(echo),
		"identify": withPeer(identified),
		"beat":     withPeer(beat),
	}
}

func find(ctx context.Context, h host.Host, text string) (peer.ID, error) {
	if info, err := peer.AddrInfoFromString(text); err == nil {
		return info.ID, h.Connect(ctx, *info)
	}
	return peer.Decode(text)
}

// pings returns the round trips in milliseconds.
func pings(ctx context.Context, h host.Host, id peer.ID, args toolArgs) (any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := ping.Ping(ctx, h, id)
	trips := make([]float64, max(1, args.Count))
	for i := range trips {
		result, more := <-results
		if !more {
			return nil, errors.New("the stream ended")
		}
		if result.Error != nil {
			return nil, result.Error
		}
		trips[i] = float64(result.RTT) / float64(time.Millisecond)
	}
	return trips, nil
}

// beat speaks the heartbeat of Status's integration of 2018: it counts what the other end pings and answers.
func beat(ctx context.Context, h host.Host, id peer.ID, args toolArgs) (any, error) {
	const ping, pong = 1, 2
	stream, err := open(ctx, h, id, heartbeatProtocol)
	if err != nil {
		return nil, err
	}
	defer stream.Reset()
	heard := map[byte]int{}
	var next [1]byte
	for range max(1, args.Count) {
		if _, err := stream.Write([]byte{ping}); err != nil {
			return nil, err
		}
		for next[0] = 0; next[0] != pong; heard[next[0]]++ {
			if _, err := io.ReadFull(stream, next[:]); err != nil {
				return nil, err
			}
		}
	}
	return map[string]int{"pings": heard[ping], "answers": heard[pong]}, nil
}

// perf returns seconds: until the first byte (or the end) came back after the upload, and from there to the end.
func perf(ctx context.Context, h host.Host, id peer.ID, args toolArgs) (any, error) {
	stream, err := open(ctx, h, id, perfProtocol)
	if err != nil {
		return nil, err
	}
	defer stream.Reset()
	began := time.Now()
	if _, err := stream.Write(binary.BigEndian.AppendUint64(nil, args.Down)); err != nil {
		return nil, err
	}
	if _, err := send(stream, zeros(args.Up)); err != nil {
		return nil, err
	}
	if err := stream.CloseWrite(); err != nil {
		return nil, err
	}
	var first [1]byte
	n, err := io.ReadFull(stream, first[:])
	if err != nil && err != io.EOF {
		return nil, err
	}
	turned := time.Now()
	rest, err := send(io.Discard, stream)
	if err != nil {
		return nil, err
	}
	if got := uint64(n) + uint64(rest); got != args.Down {
		return nil, fmt.Errorf("%d bytes came back, not %d", got, args.Down)
	}
	return map[string]float64{"upSeconds": turned.Sub(began).Seconds(), "downSeconds": time.Since(turned).Seconds()}, nil
}

// echo sends random bytes and compares what returns.
func echo(ctx context.Context, h host.Host, id peer.ID, args toolArgs) (any, error) {
	stream, err := open(ctx, h, id, echoProtocol)
	if err != nil {
		return nil, err
	}
	defer stream.Reset()
	data := make([]byte, args.Bytes)
	rand.Read(data)
	sent := make(chan error, 1)
	go func() {
		_, err := send(stream, bytes.NewReader(data))
		sent <- errors.Join(err, stream.CloseWrite())
	}()
	back, err := io.ReadAll(stream)
	if err := errors.Join(err, <-sent); err != nil {
		return nil, err
	}
	if sha256.Sum256(back) != sha256.Sum256(data) {
		return nil, fmt.Errorf("%d bytes went, %d others came back", len(data), len(back))
	}
	return len(back), nil
}

func open(ctx context.Context, h host.Host, id peer.ID, name protocol.ID) (network.Stream, error) {
	stream, err := h.NewStream(ctx, id, name)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	return stream, stream.SetDeadline(deadline)
}

// identified returns what identify told about a peer, and what was negotiated with it.
func identified(_ context.Context, h host.Host, id peer.ID, _ toolArgs) (any, error) {
	conns := h.Network().ConnsToPeer(id)
	if len(conns) == 0 {
		return nil, errors.New("not connected")
	}
	protocols, err := h.Peerstore().GetProtocols(id)
	if err != nil {
		return nil, err
	}
	agent, _ := h.Peerstore().Get(id, "AgentVersion")
	version, _ := h.Peerstore().Get(id, "ProtocolVersion")
	addrs := []string{}
	for _, addr := range h.Peerstore().Addrs(id) {
		addrs = append(addrs, addr.String())
	}
	state := conns[0].ConnState()
	return map[string]any{
		"agent": agent, "version": version, "protocols": protocols, "addrs": addrs, "connections": len(conns),
		"security": state.Security, "muxer": state.StreamMultiplexer, "earlyMuxer": state.UsedEarlyMuxerNegotiation,
		"keyType": conns[0].RemotePublicKey().Type().String(),
	}, nil
}
