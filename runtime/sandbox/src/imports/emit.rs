//! What spouts and bolts share in emitting: checking a frame and staging it.

use super::broken;
use crate::host::{Host, Output};
use petrel_flow::{Emitted, Frame, Origin};
use petrel_frame::{FrameBuf, FrameView, MAX_FRAME_BYTES};
use wasmtime::StoreContextMut;
use wasmtime::component::WasmList;

/// A frame that the guest wants to emit.
pub(super) struct Emission {
    pub(super) output: u32,
    pub(super) direct: Option<u32>,
    pub(super) frame: WasmList<u8>,
}

impl Emission {
    /// Copies the frame out of the guest, checks it, and stages it with the origin that `origin` makes, which gets
    /// the host and the number of rows. `beside` is the size of what goes with the frame.
    pub(super) fn stage(
        self,
        cx: &mut StoreContextMut<'_, Host>,
        beside: usize,
        origin: impl FnOnce(&StoreContextMut<'_, Host>, usize) -> Result<Origin, String>,
    ) -> wasmtime::Result<()> {
        let bytes = self.frame.len();
        cx.data_mut().call.charge(bytes.saturating_add(beside))?;
        let output = self.output(cx.data())?;
        let wrong = |what: &dyn std::fmt::Display| {
            broken(format!("emitting to output {:?} (number {}): {what}", output.name, self.output))
        };
        if bytes > MAX_FRAME_BYTES {
            return Err(wrong(&format_args!(
                "the frame has {bytes} bytes, and at most {MAX_FRAME_BYTES} are allowed: emit smaller frames"
            )));
        }
        let frame = FrameBuf::from_slice(self.frame.as_le_slice(&*cx));
        let rows = FrameView::parse_expecting(&frame, &output.schema).map_err(|error| wrong(&error))?.rows();
        let origin = origin(cx, rows).map_err(|error| wrong(&error))?;
        cx.data_mut().call.charge_rows(rows)?;
        // SAFETY: these bytes passed `parse_expecting` just now.
        let frame = unsafe { Frame::from_validated(frame) };
        let emitted = Emitted { output: self.output, direct: self.direct, frame, origin };
        cx.data_mut().call.effects.emitted.push(emitted);
        Ok(())
    }

    fn output<'a>(&self, host: &'a Host) -> wasmtime::Result<&'a Output> {
        let Some(output) = host.outputs.get(self.output as usize) else {
            return Err(broken(format!(
                "emitting to output {}: `describe` declared {} outputs, numbered from 0",
                self.output,
                host.outputs.len()
            )));
        };
        let name = &output.name;
        match self.direct {
            None if output.direct => {
                Err(broken(format!("output {name:?} is direct: only `emit-direct` may emit to it")))
            }
            Some(_) if !output.direct => {
                Err(broken(format!("output {name:?} is not direct: `describe` must declare it so for `emit-direct`")))
            }
            Some(task) if task >= output.tasks => Err(broken(format!(
                "emitting to task {task} of output {name:?}: a consumer has {} tasks, numbered from 0",
                output.tasks
            ))),
            _ => Ok(output),
        }
    }
}
