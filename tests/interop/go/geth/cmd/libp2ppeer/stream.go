// SPDX-License-Identifier: Apache-2.0 OR MIT

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/rlp"
)

// Whisper itself refuses above 1 MiB; this only keeps a hostile header from choosing how much is allocated.
const maxItem = 10 << 20

// messageStream carries devp2p messages on a byte stream: the code as an RLP integer, then one RLP item, nothing else.
type messageStream struct {
	in *rlp.Stream

	writing sync.Mutex
	out     io.Writer
}

func newMessageStream(stream io.ReadWriter) *messageStream {
	return &messageStream{in: rlp.NewStream(bufio.NewReaderSize(stream, 64<<10), 0), out: stream}
}

func (m *messageStream) ReadMsg() (p2p.Msg, error) {
	code, err := m.in.Uint()
	if err != nil {
		return p2p.Msg{}, err
	}
	_, size, err := m.in.Kind()
	if err != nil {
		return p2p.Msg{}, err
	}
	if size > maxItem {
		return p2p.Msg{}, fmt.Errorf("an item of %d bytes", size)
	}
	item, err := m.in.Raw()
	if err != nil {
		return p2p.Msg{}, err
	}
	return p2p.Msg{Code: code, Size: uint32(len(item)), Payload: bytes.NewReader(item)}, nil
}

func (m *messageStream) WriteMsg(msg p2p.Msg) error {
	frame, err := rlp.EncodeToBytes(msg.Code)
	if err != nil {
		return err
	}
	item, err := io.ReadAll(msg.Payload)
	if err != nil {
		return err
	}
	m.writing.Lock()
	defer m.writing.Unlock()
	_, err = m.out.Write(append(frame, item...))
	return err
}
