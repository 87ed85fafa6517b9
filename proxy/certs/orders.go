package certs

import (
	"fmt"
	"time"
)

const (
	// maxOrders and mostOrders bound the orders of an hour, the second with those
	// that a person asks for: Let's Encrypt counts five failures.
	maxOrders  = 2
	mostOrders = 4
)

// orders bounds those of one name at one authority, whoever places them: an
// attempt, a renewal of autocert's own, an issuer that an edit has ended or a
// process that has crashed. Autocert opens one for each kind of challenge, and
// one more to find that there is no further kind.
type orders struct {
	issuer *issuer
}

// place remembers an order before it is sent: whatever becomes of us until the
// answer is there, the authority has counted it. One that the disk does not take
// waits until no order of an earlier process can be of this hour.
func (o orders) place(pressed bool, now time.Time) error {
	most := maxOrders
	if pressed {
		most = mostOrders
	}
	var held error
	err := o.change(now, func(list []time.Time) []time.Time {
		if len(list) >= most {
			held = fmt.Errorf("%d orders were placed within the hour: the next is held back, because the authority counts them", len(list))
			return list
		}
		return append(list, now)
	})
	switch {
	case held != nil:
		return held
	case err == nil:
		return nil
	case !pressed && now.Sub(o.issuer.keeper.began) < time.Hour:
		o.refused()
		return fmt.Errorf("an order cannot be remembered, so none is placed within an hour of the start: %w", err)
	}
	o.issuer.forgetful(err)
	return nil
}

// refused forgets the last order: the authority took none.
func (o orders) refused() {
	err := o.change(time.Now(), func(list []time.Time) []time.Time { return list[:max(0, len(list)-1)] })
	if err != nil {
		o.issuer.forgetful(err)
	}
}

func (o orders) change(now time.Time, f func([]time.Time) []time.Time) error {
	return o.issuer.keeper.memory.order(o.issuer.ordersKey(), now, f)
}
