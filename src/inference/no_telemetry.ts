/**
 * ONNX Runtime's Linux libraries (1.29 and later) report sessions, with names and hashes of their models, to
 * their maker unless this variable is set before the library is loaded. What a robot runs stays on the robot.
 * Imported for its effect, before onnxruntime-node. In a worker thread that has a copy of the environment it
 * comes too late: the main thread has to import it as well.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';

/*
 * The same for the precision on NVIDIA's GPUs: unless told otherwise ONNX Runtime multiplies matrices with 10
 * bits of mantissa (TF32), 0.006 off in a sample where 0.0001 are allowed, and its binding for Node has no
 * option for that. On the graphs of this project that is not even faster.
 */
process.env['NVIDIA_TF32_OVERRIDE'] ??= '0';
