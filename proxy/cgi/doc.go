// Package cgi owns what is said to servers of the CGI family: the environment
// of a request (RFC 3875), the three protocols that carry it, FastCGI, SCGI and
// uwsgi, and the answers that come back. It does not know routes, files, nor
// which script a path stands for: message.Script says all of that.
//
// Each connection carries one request. PHP's workers serve one connection
// until it ends, so a kept one that is idle would occupy a worker, and a few of
// them all workers; SCGI ends each by its own rules, and servers of uwsgi close
// theirs. On one machine or in one house a new one costs next to nothing.
//
// A Conn belongs to the goroutine that asks, except for SendBody, AnswerWithin
// and Close, see upstream.Wire.
package cgi
