"""The training loop: one for every network, on a CPU, a GPU or many; nothing is lost.

``train(task, settings, folder, resume=False, runtime=None) -> nn.Module`` of `engine.loop` trains
``task.network`` and returns the moving average of its weights.
"""
