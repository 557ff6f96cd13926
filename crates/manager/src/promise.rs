//! A connection that is promised to a loop while its opening handshake is answered.

use std::sync::Arc;

use crate::handle::Loose;
use crate::mailbox::Adoption;
use crate::service::Service;
use crate::socket::Socket;

/// A connection that is promised to a loop, which does not end before it comes or this is dropped.
#[must_use = "the loop waits for it"]
pub struct Promise<S: Service, K = Socket> {
    shared: Arc<Loose<S, K>>,
    to: usize,
    /// Neither kept nor broken yet.
    is_open: bool,
}

impl<S: Service, K> Promise<S, K> {
    pub(crate) fn new(shared: Arc<Loose<S, K>>, to: usize) -> Self {
        Self { shared, to, is_open: true }
    }

    /// Hands the connection over.
    ///
    /// # Errors
    ///
    /// If the loop has ended because it was to wait no longer: the connection comes back.
    pub fn keep(
        mut self,
        adoption: Adoption<K, S::Session>,
    ) -> Result<(), Box<Adoption<K, S::Session>>> {
        self.is_open = false;
        self.shared.post.keep_promise(self.to, Box::new(adoption))
    }
}

impl<S: Service, K> Drop for Promise<S, K> {
    fn drop(&mut self) {
        if self.is_open {
            self.shared.post.break_promise(self.to);
        }
    }
}
