# -*- coding: latin-1 -*-
# ¡Cuidado! Este fichero está en latin-1: ñ á é í ó ú ü ¿?
import numpy as np

MENSAJE = "El año del dueño: ¿señal?"
assert len("ñ") == 1


class NetworkLayer:
    def forward(self, entrada):
        raise NotImplementedError("falta la propagación")

    def backward(self, entrada, gradiente):
        raise NotImplementedError("falta la retropropagación")


class ParamLayer(NetworkLayer):
    tamaño = 0

    def update(self, paso):
        self.weight = self.weight - paso * self.weight_grad
        self.bias = self.bias - paso * self.bias_grad


class ReLULayer(NetworkLayer):
    def forward(self, entrada):
        señal = entrada.copy()
        señal[señal < 0] = 0
        return señal

    def backward(self, entrada, gradiente):
        return gradiente * (entrada > 0)


class FlattenLayer(NetworkLayer):
    def __init__(self, inicio=1, fin=-1):
        self.inicio, self.fin = inicio, fin

    def forward(self, entrada):
        tamaños = np.array(entrada.shape)
        inicio = np.arange(entrada.ndim)[self.inicio]
        fin = np.arange(entrada.ndim)[self.fin]
        return entrada.reshape(*tamaños[:inicio], tamaños[inicio:fin + 1].prod(), *tamaños[fin + 1:])

    def backward(self, entrada, gradiente):
        return gradiente.reshape(entrada.shape)


class MaxPoolingLayer(NetworkLayer):
    def __init__(self, alto, ancho):
        self.alto, self.ancho = alto, ancho

    def bloques(self, entrada):
        n, c, h, w = entrada.shape
        b = entrada.reshape(n, c, h // self.alto, self.alto, w // self.ancho, self.ancho)
        return b.transpose(0, 1, 2, 4, 3, 5).reshape(-1, self.alto * self.ancho)

    def forward(self, entrada):
        n, c, h, w = entrada.shape
        return self.bloques(entrada).max(1).reshape(n, c, h // self.alto, w // self.ancho)

    def backward(self, entrada, gradiente):
        n, c, h, w = entrada.shape
        bloques = self.bloques(entrada)
        # one-hot del ganador
        ganador = np.arange(bloques.shape[1]) == bloques.argmax(1)[:, None]
        g = ganador * gradiente.reshape(-1, 1)
        g = g.reshape(n, c, h // self.alto, w // self.ancho, self.alto, self.ancho)
        return g.transpose(0, 1, 2, 4, 3, 5).reshape(entrada.shape)


class LinearLayer(ParamLayer):
    def __init__(self, entradas, salidas):
        desviación = np.sqrt(2 / entradas)
        self.weight = np.random.normal(0, desviación, (entradas, salidas)).astype(np.float32)
        self.bias = np.zeros(salidas, np.float32)

    def forward(self, entrada):
        return np.dot(entrada, self.weight) + self.bias

    def backward(self, entrada, gradiente):
        self.weight_grad = np.dot(entrada.T, gradiente)
        self.bias_grad = np.dot(np.ones(len(entrada), gradiente.dtype), gradiente)
        return np.dot(gradiente, self.weight.T)


class ConvolutionLayer(ParamLayer):
    def __init__(self, canales, filtros, alto, ancho):
        self.canales, self.filtros, self.alto, self.ancho = canales, filtros, alto, ancho
        desviación = np.sqrt(2 / (canales * alto * ancho))
        self.weight = np.random.normal(0, desviación, (filtros, canales, alto, ancho))
        self.bias = np.zeros(filtros)

    def forward(self, entrada):
        n, c, h, w = entrada.shape
        salida = np.empty((n, self.filtros, h - self.alto + 1, w - self.ancho + 1),
                          np.result_type(entrada, self.weight))
        núcleo = self.weight.reshape(self.filtros, -1).T
        for i in range(salida.shape[2]):
            for j in range(salida.shape[3]):
                trozo = entrada[:, :, i:i + self.alto, j:j + self.ancho].reshape(n, -1)
                salida[:, :, i, j] = trozo.dot(núcleo)
        return salida + self.bias[None, :, None, None]

    def backward(self, entrada, gradiente):
        n, c, h, w = entrada.shape
        self.weight_grad = np.zeros(self.weight.shape)
        for a in range(self.alto):
            for b in range(self.ancho):
                trozo = entrada[:, :, a:a + gradiente.shape[2], b:b + gradiente.shape[3]]
                self.weight_grad[:, :, a, b] = np.tensordot(gradiente, trozo, ((0, 2, 3), (0, 2, 3)))
        self.bias_grad = gradiente.sum(axis=(0, 2, 3))
        resultado = np.zeros((n, c, h, w))
        for a in range(self.alto):
            for b in range(self.ancho):
                aporte = np.tensordot(gradiente, self.weight[:, :, a, b], (1, 0))
                resultado[:, :, a:a + gradiente.shape[2], b:b + gradiente.shape[3]] += \
                    aporte.transpose(0, 3, 1, 2)
        return resultado


class CrossEntropyLoss:
    def forward(self, logits, etiquetas):
        z = logits - logits.max(axis=1, keepdims=True)
        return np.average(np.log(np.exp(z).sum(axis=1)) - z[range(len(z)), etiquetas])

    def backward(self, logits, etiquetas):
        z = np.exp(logits - logits.max(axis=1, keepdims=True))
        z /= z.sum(axis=1, keepdims=True)
        z[range(len(z)), etiquetas] -= 1
        return z / len(z)


class ConvolutionNeuralNetwork:
    def __init__(self):
        self.layers = [ConvolutionLayer(1, 4, 5, 5), MaxPoolingLayer(2, 2), ReLULayer(),
                       ConvolutionLayer(4, 16, 3, 3), MaxPoolingLayer(2, 2), ReLULayer(),
                       FlattenLayer(), LinearLayer(400, 10)]
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = []

    def forward(self, x, keepgrad=False):
        self.layer_inputs = []
        for capa in self.layers:
            if keepgrad:
                self.layer_inputs.append(x)
            x = capa.forward(x)
        return x

    def backward(self, gradiente):
        i = len(self.layers)
        while i > 0:
            i -= 1
            gradiente = self.layers[i].backward(self.layer_inputs[i], gradiente)
        return gradiente

    def update(self, paso):
        for capa in self.layers:
            if type(capa) in (ConvolutionLayer, LinearLayer):
                capa.update(paso)

    def train(self, x, y, lote, épocas, paso):
        pérdida = 0
        for época in range(épocas):
            pérdida, lotes, i = 0, 0, 0
            while i < len(x):
                salida = self.forward(x[i:i + lote], True)
                pérdida += self.loss_func.forward(salida, y[i:i + lote])
                self.backward(self.loss_func.backward(salida, y[i:i + lote]))
                self.update(paso)
                lotes, i = lotes + 1, i + lote
        self.layer_inputs = []
        return pérdida / lotes

    def test(self, x, y, lote):
        pérdidas = []
        for i in range(0, len(x), lote):
            pérdidas.append(self.loss_func.forward(self.forward(x[i:i + lote]), y[i:i + lote]))
        return sum(pérdidas) / len(pérdidas)

    def predict(self, x):
        trozos = []
        for i in range(0, len(x), 1000):
            z = self.forward(x[i:i + 1000])
            z = np.exp(z - z.max(axis=1, keepdims=True))
            trozos.append(z / z.sum(axis=1, keepdims=True))
        return np.concatenate(trozos)


def load_dataset(carpeta, shuffle=False):
    datos = np.load(carpeta + "/datos.npz")
    orden = np.random.permutation(len(datos["y"])) if shuffle else slice(None)
    return datos["x"][orden], datos["y"][orden]
