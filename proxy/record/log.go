package record

// Log holds the last rows, the last failures apart from them, and the heads of
// the newest. See New for the sizes.
type Log struct{}

// New makes a log of the last rows requests; failures of them are kept apart
// so that a phone's photo sync cannot push them out, and up to HeadSize bytes
// of each head of the newest heads requests and of all kept failures.
func New(rows, failures, heads int) *Log { return &Log{} }

// HeadSize is how much of a head is kept, in bytes.
const HeadSize = 1024

// Put writes a row and returns its ID; it does not keep r, request or
// response. It never blocks for longer than a reader copies a few rows.
func (l *Log) Put(r *Row, request, response []byte) uint64 { return 0 }

// Newest returns the ID of the newest row; 0 when there is none.
func (l *Log) Newest() uint64 { return 0 }

// Before copies into dst the newest rows with an ID of at most id (0 for the
// newest) that keep accepts (nil for all), newest first, and returns how many.
func (l *Log) Before(id uint64, dst []Row, keep func(*Row) bool) int { return 0 }

// Since copies into dst the oldest rows after id, oldest first. missed counts
// those that were overwritten before they could be read.
func (l *Log) Since(id uint64, dst []Row) (n int, missed uint64) { return 0, 0 }

// Failures is Before over the failures that are kept apart.
func (l *Log) Failures(id uint64, dst []Row, keep func(*Row) bool) int { return 0 }

// Detail is a row with what is kept of its heads, as they were on the wire
// (nil when no longer kept; Cut when longer than HeadSize).
type Detail struct {
	Row               Row
	Request, Response []byte
	RequestCut        bool
	ResponseCut       bool
}

// Get finds a row by ID; false when it is no longer kept.
func (l *Log) Get(id uint64) (Detail, bool) { return Detail{}, false }
