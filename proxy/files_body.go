package proxy

import (
	"crypto/rand"
	"io"
	"os"
	"strconv"
	"sync"

	"forge.home.arpa/portico/proxy/message"
)

// fileBody is a file, or parts of one, on its way to the client. It implements
// message.InFile.
type fileBody struct {
	file  *os.File
	parts []filePart
	tail  []byte // after all parts
	buf   *fileBuffer
}

// filePart is a part of the file with what stands before it.
type filePart struct {
	lead []byte
	byteRange
}

// fileBuffer makes several TLS records of one read; it is held only while a
// file is sent that the kernel cannot send by itself.
type fileBuffer [128 << 10]byte

var fileBuffers = sync.Pool{New: func() any { return new(fileBuffer) }}

// cut sets what is sent and the fields that say so; it returns the status.
func (b *fileBody) cut(fields *message.Fields, ranges []byteRange, size int64, kind string) (status int) {
	switch len(ranges) {
	case 0:
		b.parts = []filePart{{nil, byteRange{0, size}}}
		fields.AddKnown(message.ContentType, []byte(kind))
		return 200
	case 1:
		b.parts = []filePart{{nil, ranges[0]}}
		fields.AddKnown(message.ContentType, []byte(kind))
		fields.Add("Content-Range", ranges[0].appendContent(nil, size))
		return 206
	}
	boundary := rand.Text() // what a file may hold is not known beforehand
	for _, r := range ranges {
		lead := []byte("\r\n--" + boundary + "\r\nContent-Type: " + kind + "\r\nContent-Range: ")
		b.parts = append(b.parts, filePart{append(r.appendContent(lead, size), "\r\n\r\n"...), r})
	}
	b.tail = []byte("\r\n--" + boundary + "--\r\n")
	fields.AddKnown(message.ContentType, []byte("multipart/byteranges; boundary="+boundary))
	return 206
}

// appendContent appends the value of Content-Range.
func (r byteRange) appendContent(b []byte, size int64) []byte {
	b = strconv.AppendInt(append(b, "bytes "...), r.start, 10)
	b = strconv.AppendInt(append(b, '-'), r.start+r.length-1, 10)
	return strconv.AppendInt(append(b, '/'), size, 10)
}

// length is that of all that is still to come, in bytes.
func (b *fileBody) length() int64 {
	n := int64(len(b.tail))
	for _, p := range b.parts {
		n += int64(len(p.lead)) + p.length
	}
	return n
}

// sendFrom is from how many bytes on the kernel sends a file by itself: fewer
// go with the head in one write.
const sendFrom = 64 << 10

// Next implements message.Body. A file that has become shorter than it was is
// cut short: its length was said already.
func (b *fileBody) Next() ([]byte, error) {
	b.skipEmpty()
	if len(b.parts) == 0 {
		if tail := b.tail; len(tail) > 0 {
			b.tail = nil
			return tail, nil
		}
		return nil, io.EOF
	}
	p := &b.parts[0]
	if lead := p.lead; len(lead) > 0 {
		p.lead = nil
		return lead, nil
	}
	if b.buf == nil {
		b.buf = fileBuffers.Get().(*fileBuffer)
	}
	n, err := b.file.ReadAt(b.buf[:min(p.length, int64(len(b.buf)))], p.start)
	if n == 0 {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	b.Took(int64(n))
	return b.buf[:n], nil
}

func (b *fileBody) skipEmpty() {
	for len(b.parts) > 0 && len(b.parts[0].lead) == 0 && b.parts[0].length == 0 {
		b.parts = b.parts[1:]
	}
}

// Ready implements message.Body: the more is to be read, the more a disk may
// take its time.
func (b *fileBody) Ready() bool {
	b.skipEmpty()
	return len(b.parts) == 0 || len(b.parts[0].lead) > 0 || b.parts[0].length < sendFrom
}

// File implements message.InFile.
func (b *fileBody) File() (io.Reader, int64) {
	if b.Ready() {
		return nil, 0
	}
	p := &b.parts[0]
	if _, err := b.file.Seek(p.start, io.SeekStart); err != nil {
		return nil, 0 // Next reads without
	}
	return b.file, p.length
}

// Took implements message.InFile.
func (b *fileBody) Took(n int64) {
	b.parts[0].start += n
	b.parts[0].length -= n
}

func (b *fileBody) release() {
	if b.buf != nil {
		fileBuffers.Put(b.buf)
		b.buf = nil
	}
}
