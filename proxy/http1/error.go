package http1

// BadRequest is a request that is answered by a status of portico's own and a
// closed connection; nothing of it reaches an upstream.
type BadRequest struct {
	Status int
	Why    string // for the owner
}

func (e *BadRequest) Error() string { return "bad request: " + e.Why }

// malformed is a fault that both kinds of heads and bodies can have.
type malformed struct {
	status int // for a request
	why    string
}

func (e *malformed) Error() string { return e.why }

func fault(status int, why string) *malformed { return &malformed{status, why} }

// The faults are made once: a flood of bad requests allocates nothing.
var (
	errBareLF        = fault(400, "a line ends without CR")
	errStart         = fault(400, "no HTTP request line")
	errLineTooLong   = fault(414, "the request line is too long")
	errHeadTooLong   = fault(431, "the head is too long")
	errTooManyFields = fault(431, "too many fields")
	errFold          = fault(400, "a folded or blank field line")
	errFieldName     = fault(400, "a field name with a bad character, or a space before its colon")
	errFieldValue    = fault(400, "a control character in a field")
	errMethod        = fault(400, "a bad method")
	errTarget        = fault(400, "a bad request target")
	errUserinfo      = fault(400, "a user name in the request target")
	errVersion       = fault(400, "a bad protocol version")
	errVersionMajor  = fault(505, "a protocol version other than HTTP/1")
	errHost          = fault(400, "not exactly one Host")
	errLength        = fault(400, "a bad or repeated Content-Length")
	errLengthCoding  = fault(400, "both Content-Length and Transfer-Encoding")
	errCoding        = fault(501, "a transfer coding other than chunked")
	errCodingOld     = fault(400, "Transfer-Encoding in HTTP/1.0")
	errNominated     = fault(400, "too many names in Connection")
	errExpect        = fault(417, "an expectation other than 100-continue")
	errConnect       = fault(405, "CONNECT and TRACE are not for a front door")
	errChunkSize     = fault(400, "a bad chunk size")
	errChunkEnd      = fault(400, "a chunk longer than it said")
	errChunkExt      = fault(400, "a malformed chunk extension")
	errChunkExtLong  = fault(400, "too many chunk extensions")
	errTrailers      = fault(431, "trailers are too long")
	errStatusLine    = fault(0, "no HTTP status line")
	errTLS           = fault(0, "it answers in TLS: write https:// before it")
	errUnasked       = fault(0, "101 was not asked for")
	errInterim       = fault(0, "too many interim answers")
)
