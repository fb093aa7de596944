//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// maxAnswerBytes bounds one answer with its head; the longest list page of a dialect stays far below.
const maxAnswerBytes = 16 << 20

var (
	headEnd       = []byte("\r\n\r\n")
	contentLength = []byte("\r\ncontent-length:")
	chunked       = []byte("\r\nTransfer-Encoding: chunked\r\n") // as net/http writes it
)

// parseAnswer reads the status and the whole length, head and body, of the HTTP/1.1 answer that buffer begins with.
// The length is 0 while bytes are missing.
func parseAnswer(buffer []byte) (status, length int, err error) {
	end := bytes.Index(buffer, headEnd)
	if end < 0 {
		if len(buffer) > maxAnswerBytes {
			return 0, 0, errors.New("answer without end of head")
		}
		return 0, 0, nil
	}
	head := buffer[:end+len("\r\n")]
	status, err = parseStatus(head)
	if err != nil {
		return 0, 0, err
	}
	if bytes.Contains(head, chunked) {
		length, err = parseChunks(buffer, end+len(headEnd))
		return status, length, err
	}
	body, err := parseContentLength(head)
	if err != nil {
		return 0, 0, err
	}
	length = end + len(headEnd) + body
	if length > maxAnswerBytes {
		return 0, 0, fmt.Errorf("answer of %d bytes is too long", length)
	}
	if length > len(buffer) {
		length = 0
	}
	return status, length, nil
}

func parseStatus(head []byte) (int, error) {
	const prefix = len("HTTP/1.1 ")
	if len(head) < prefix+3 || string(head[:5]) != "HTTP/" {
		return 0, fmt.Errorf("not an HTTP answer: %.80q", head)
	}
	status, ok := parseDigits(head[prefix : prefix+3])
	if !ok {
		return 0, fmt.Errorf("not an HTTP status: %.80q", head)
	}
	return status, nil
}

func parseContentLength(head []byte) (int, error) {
	for at := bytes.Index(head, headEnd[:2]); at >= 0 && at+len(contentLength) < len(head); {
		line := head[at+2:]
		end := bytes.Index(line, headEnd[:2])
		if end < 0 {
			break
		}
		if bytes.EqualFold(head[at:at+len(contentLength)], contentLength) {
			value, ok := parseDigits(bytes.TrimSpace(line[len(contentLength)-2 : end]))
			if !ok {
				return 0, fmt.Errorf("not a Content-Length: %.80q", line[:end])
			}
			return value, nil
		}
		at += 2 + end
	}
	return 0, fmt.Errorf("answer without Content-Length: %.200q", head)
}

func parseDigits(text []byte) (int, bool) {
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	value := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		value = value*10 + int(c-'0')
	}
	return value, true
}

// parseChunks returns where the chunks that begin at an offset end, without trailers (RFC 9112 section 7.1); 0 while
// bytes are missing. It starts over for each piece that arrives: a long list has few chunks.
func parseChunks(buffer []byte, at int) (int, error) {
	for {
		line := bytes.IndexByte(buffer[at:], '\n')
		if line < 0 {
			return 0, nil
		}
		size, err := strconv.ParseUint(string(bytes.TrimSpace(buffer[at:at+line])), 16, 32)
		if err != nil || size > maxAnswerBytes {
			return 0, fmt.Errorf("not a chunk's size: %.20q", buffer[at:at+line])
		}
		at += line + 1 + int(size) + len("\r\n")
		if at > len(buffer) {
			return 0, nil
		}
		if at > maxAnswerBytes {
			return 0, fmt.Errorf("answer of more than %d bytes is too long", maxAnswerBytes)
		}
		if size == 0 {
			return at, nil
		}
	}
}
